// Bundles programs with the package's sources, for Node or for a page.
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type BuildOptions, build, type Plugin } from 'rolldown'
import { ENTRIES } from '../../tools/build.mjs'
import { shaderPlugin } from '../../tools/shader-plugin.mjs'
import { ROOT } from './blocks.ts'
import { ENTRY_PATHS } from './compile.ts'
import type { Program } from './programs.ts'

const PREFIX = 'program:'
const MODULE_TYPES = { '.ts': 'ts', '.tsx': 'tsx', '.js': 'js' } as const

/** Dawn's module with the GPU of all programs: compiling a model's pipelines again takes many seconds. */
const DAWN = 'export const create = () => globalThis.openDawn()'

/** Gives the programs' texts, and the sources for the package's entries. */
const programModules = (programs: readonly Program[]): Plugin => ({
  name: 'docs-programs',
  resolveId: (id) => (id.startsWith(PREFIX) || id === 'webgpu' ? `\0${id}` : ENTRY_PATHS[id]),
  load(id) {
    if (id === '\0webgpu') return { code: DAWN, moduleType: 'js' }
    const program = id.startsWith(`\0${PREFIX}`) && programs[Number(id.slice(PREFIX.length + 1))]
    return program ? { code: program.text, moduleType: MODULE_TYPES[program.extension] } : undefined
  },
})

const options = (programs: readonly Program[]): BuildOptions => ({
  cwd: ROOT,
  plugins: [programModules(programs), shaderPlugin({ strip: true })],
  transform: { target: 'es2023', jsx: { runtime: 'automatic', importSource: 'react' } },
  tsconfig: false,
  checks: { moduleLevelDirective: false },
  logLevel: 'silent',
})

const programInputs = (programs: readonly Program[]) =>
  Object.fromEntries(programs.map((_, i) => [`program-${i}`, PREFIX + i]))

export interface NodePrograms {
  /** Runs a program to its end. */
  run(program: Program): Promise<void>
  remove(): void
}

/** Bundles programs for Node; other packages stay outside, and are those of the repository. */
export async function bundleForNode(programs: readonly Program[]): Promise<NodePrograms> {
  const folder = mkdtempSync(join(ROOT, 'node_modules', '.hadal-docs-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const bundling = build({
    ...options(programs),
    platform: 'node',
    input: programInputs(programs),
    external: (id) => /^[@a-z]/.test(id) && !/^(program:|virtual:|webgpu$)/.test(id) && !ENTRY_PATHS[id],
    output: { dir: folder, entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' },
  })
  await bundling.catch((error: unknown) => {
    remove()
    throw error
  })
  return {
    run: async (program) => {
      const url = pathToFileURL(join(folder, `program-${programs.indexOf(program)}.mjs`)).href
      const { run } = (await import(/* @vite-ignore */ url)) as { run(): Promise<void> }
      await run()
    },
    remove,
  }
}

/** The package's own files, and programs beside them as `program-0.js` and so on. */
export async function bundleForPage(programs: readonly Program[], folder: string): Promise<void> {
  await build({
    ...options(programs),
    platform: 'browser',
    input: { ...ENTRIES, ...programInputs(programs) },
    output: { dir: folder, entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
  })
}

/** A program in one file, as service workers need it. */
export async function bundleAlone(program: Program, file: string): Promise<void> {
  await build({
    ...options([program]),
    platform: 'browser',
    input: `${PREFIX}0`,
    output: { file, codeSplitting: false },
  })
}
