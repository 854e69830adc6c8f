// Builds the page (dist/app, with Vite), its documentation (dist/app/docs) and the npm package (dist/lib with
// rolldown, dist/types with tsc). `npm run build` builds all, `--library` only the package.
import { readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureDependencies, fail, root } from './bootstrap.mjs'
import { shaderPlugin } from './shader-plugin.mjs'

export const ENTRIES = {
  index: 'src/index.ts',
  worker: 'src/worker/worker.ts', // before core: the modules that they share then compress better
  core: 'src/core.ts',
  openai: 'src/openai/index.ts',
  'ai-sdk': 'src/ai-sdk/index.ts',
  react: 'src/react/index.ts',
}

/** What an entry may import from outside the package; package.json lists the same as optional peers. */
export const PEERS = { react: ['react'] }

/** `hadal/react` loads models through index.js, which stays one file beside its worker. */
const finishedIndex = {
  name: 'finished-index',
  resolveId: (path, importer = '') =>
    path === '../index.ts' && /[\\/]src[\\/]react[\\/]/.test(importer)
      ? { id: './index.js', external: true }
      : undefined,
}

/**
 * Rolldown options for any entry of the package.
 * @satisfies {import('rolldown').BuildOptions}
 */
export const libraryOptions = {
  cwd: root,
  platform: 'browser',
  external: Object.values(PEERS).flat(),
  plugins: [shaderPlugin({ strip: true }), finishedIndex],
  checks: { moduleLevelDirective: false }, // 'use client' is preserved: it stands in an entry
  output: {
    format: 'esm',
    minify: true,
    comments: { annotation: false }, // nothing is shaken off a worker
    entryFileNames: '[name].js',
    // What pages and workers share, and what workers load beside that, are one file each. Otherwise each set
    // of modules that several files loaded on demand share would be cut out of them, and compress worse.
    codeSplitting: {
      groups: [
        {
          name: 'both',
          test: /comlink|src.(worker.protocol|engine.model-options|lib.(abort|check|fields|live|once))\.ts$/,
          priority: 2,
        },
        {
          name: 'requests',
          test: /src.api.(request|completion|common-fields|no-op-fields|messages|tools)\.ts$/,
          priority: 1,
        },
        {
          name: 'engine',
          test: /src.(engine.(load-engine|engine)|worker.(host|model-source|store-host))\.ts$/,
        },
      ],
    },
  },
}

/** Builds the page into dist/app. */
export async function buildApp() {
  const vite = await import('vite')
  await vite.build({ configFile: join(root, 'vite.config.ts'), logLevel: 'warn' })
}

/**
 * Builds the package as ESM, usable with or without a bundler. Dependencies are included, so that the worker
 * runs from plain files and applications install nothing else.
 */
export async function buildLibrary() {
  const { build } = await import('rolldown')
  for (const folder of ['lib', 'types']) rmSync(join(root, 'dist', folder), { recursive: true, force: true })
  const bundled = await build({
    ...libraryOptions,
    input: ENTRIES,
    output: { ...libraryOptions.output, dir: 'dist/lib', chunkFileNames: 'shared-[hash].js' },
  })
  for (const { name, imports = [] } of bundled.output) {
    const peers = PEERS[name] ?? []
    const others = imports.filter((path) => !path.endsWith('.js') && !peers.includes(path))
    if (others.length > 0) fail(`${name} would import ${others.join(', ')}, which is not one of its peers`)
  }
  writeLicences(bundled.output.flatMap((chunk) => Object.keys(chunk.modules ?? {})))
  const { emitDeclarations } = await import('./declarations.mjs')
  emitDeclarations(Object.values(ENTRIES))
}

/** Writes the licences of the bundled packages to LICENCES.txt, next to the bundle. */
function writeLicences(modules) {
  const names = modules.map((path) =>
    /node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(path)?.[1]?.replaceAll('\\', '/'),
  )
  const texts = [...new Set(names.filter(Boolean))].sort().map((name) => {
    const folder = join(root, 'node_modules', name)
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8').trim()}\n`
  })
  const rule = `\n${'-'.repeat(80)}\n\n`
  writeFileSync(
    join(root, 'dist', 'lib', 'LICENCES.txt'),
    `Parts of this bundle come from:\n${rule}${texts.join(rule)}`,
  )
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  ensureDependencies()
  await buildLibrary()
  if (!process.argv.includes('--library')) {
    await buildApp()
    const { buildDocs } = await import('./docs.mjs')
    await buildDocs()
  }
}
