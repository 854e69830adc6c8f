// Compiles programs in memory as a strict application would, against the sources under the package's names.
import { join } from 'node:path'
import ts from 'typescript'
import { ENTRIES } from '../../tools/build.mjs'
import { ROOT } from './blocks.ts'
import type { Program } from './programs.ts'

/** Entry of the package → module of the sources. */
export const ENTRY_PATHS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(ENTRIES).map(([name, path]) => [
    name === 'index' ? 'hadal' : `hadal/${name}`,
    join(ROOT, path),
  ]),
)

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  moduleDetection: ts.ModuleDetectionKind.Force,
  types: ['@webgpu/types', 'node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  jsx: ts.JsxEmit.ReactJSX,
  jsxImportSource: 'react',
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  noEmit: true,
  paths: Object.fromEntries(Object.entries(ENTRY_PATHS).map(([name, path]) => [name, [path]])),
}

/** Names that code blocks use without declaring them: the reader's own code, and what `mount`s components. */
const GLOBALS = `
import type { ComponentType } from 'react'
declare global {
  function show(...values: unknown[]): void
  function write(...pieces: unknown[]): void
  function mount(component: ComponentType): Promise<void>
}`

/** Errors of the programs and of files of the repository, each with the place of its line. */
export function compileErrors(programs: readonly Program[], files: readonly string[] = []): string[] {
  const checked = programs.filter(({ extension }) => extension !== '.js')
  const pathOf = (name: string) => join(ROOT, 'tests', 'docs', name)
  const byPath = new Map(checked.map((program, i) => [pathOf(`program-${i}${program.extension}`), program]))
  const globals = pathOf('globals.d.ts')
  const textOf = (path: string) => (path === globals ? GLOBALS : byPath.get(path)?.text)
  const host = ts.createCompilerHost(OPTIONS)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = (path) => textOf(path) !== undefined || fileExists(path)
  host.readFile = (path) => textOf(path) ?? readFile(path)
  host.getSourceFile = (path, target, ...rest) => {
    const text = textOf(path)
    return text === undefined
      ? getSourceFile(path, target, ...rest)
      : ts.createSourceFile(path, text, target, true)
  }
  const names = [...byPath.keys(), ...files.map((path) => join(ROOT, path))]
  const all = ts.createProgram([...names, globals, join(ROOT, 'src', 'virtual.d.ts')], OPTIONS, host)
  return names.flatMap((path) => {
    const file = all.getSourceFile(path)
    const errors = [...all.getSyntacticDiagnostics(file), ...all.getSemanticDiagnostics(file)]
    return errors.map((error) => describe(error, byPath.get(path)))
  })
}

function describe({ file, start = 0, messageText }: ts.Diagnostic, program: Program | undefined): string {
  const line = file?.getLineAndCharacterOfPosition(start).line ?? 0
  const message = ts.flattenDiagnosticMessageText(messageText, ' ')
  if (!program) return `${file?.fileName}:${line + 1}: ${message}`
  return `${program.places[line] ?? `${program.file}, imports`}: ${message}`
}
