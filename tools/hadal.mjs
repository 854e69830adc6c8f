// Runs the command line from the sources. They are bundled on the first run and after every change.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureDependencies, root } from './bootstrap.mjs'
import { isStale } from './fresh.mjs'

ensureDependencies()

const built = join(root, 'node_modules', '.cache', 'hadal', 'cli.js')
if (isStale(built, ['public/models.json'])) await bundle()
await import(pathToFileURL(built).href)

async function bundle() {
  const { rolldown } = await import('rolldown')
  const { shaderPlugin } = await import('./shader-plugin.mjs')
  const bundler = await rolldown({
    cwd: root,
    input: 'src/cli/main.ts',
    platform: 'node',
    external: ['webgpu'], // loads a native library from its own folder
    plugins: [shaderPlugin()],
    logLevel: 'silent',
  })
  const { output } = await bundler.generate({ format: 'esm', codeSplitting: false })
  await bundler.close()
  // Commands may start at the same time: rename makes the new file appear whole.
  const partial = `${built}.${process.pid}`
  mkdirSync(dirname(built), { recursive: true })
  writeFileSync(partial, output[0].code)
  renameSync(partial, built)
}
