// Answers: how does the command line run from the sources? They are bundled once, and again when they change; stdout belongs to the
// command. It must not know any command.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureDependencies, root } from './bootstrap.mjs'
import { isStale } from './fresh.mjs'

ensureDependencies()

const built = join(root, 'node_modules', '.cache', 'hadal', 'cli.js')
if (isStale(built)) await bundle()
await import(pathToFileURL(built).href)

async function bundle() {
  const { rolldown } = await import('rolldown')
  const { shaderPlugin } = await import('./shader-plugin.mjs')
  const bundler = await rolldown({
    cwd: root,
    input: 'src/cli/main.ts',
    platform: 'node',
    external: ['webgpu'], // brings a native library, which it finds beside itself
    plugins: [shaderPlugin()],
    logLevel: 'silent',
  })
  const { output } = await bundler.generate({ format: 'esm', codeSplitting: false })
  await bundler.close()
  // Several commands may start at once: each sees either the old file or the whole new one.
  const partial = `${built}.${process.pid}`
  mkdirSync(dirname(built), { recursive: true })
  writeFileSync(partial, output[0].code)
  renameSync(partial, built)
}
