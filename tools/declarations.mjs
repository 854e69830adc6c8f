// Writes the package's type declarations (dist/types): those that the entries need, and no others.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import ts from 'typescript'
import { fail, root } from './bootstrap.mjs'

const FOLDER = join(root, 'dist', 'types')
const WEBGPU = join(FOLDER, 'webgpu.d.ts')

/** @param entries the modules that applications import, as paths of `src` */
export function emitDeclarations(entries) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, 'tools', 'tsconfig.types.json')], {
    stdio: 'inherit',
  })
  if (status !== 0) fail('could not write the type declarations: see the errors above')
  const program = declarationProgram(
    entries.map((path) => join(FOLDER, relative('src', path).replace(/\.ts$/, '.d.ts'))),
  )
  const needed = program.getSourceFiles().filter(({ fileName }) => resolve(fileName).startsWith(FOLDER + sep))
  removeOthers(needed)
  scopeWebGpu(program, needed)
}

/** A program of declaration files, with the types of WebGPU. */
function declarationProgram(files) {
  return ts.createProgram(files, {
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ES2023,
    types: ['@webgpu/types'],
    noEmit: true,
  })
}

function removeOthers(needed) {
  const paths = new Set(needed.map(({ fileName }) => resolve(fileName)))
  for (const name of readdirSync(FOLDER, { recursive: true }).map(String)) {
    const path = join(FOLDER, name)
    if (name.endsWith('.d.ts') && !paths.has(path)) rmSync(path)
  }
}

/**
 * Lets every file import the WebGPU types that it names from one file, which takes them from the application
 * where it has them: in TypeScript 6's DOM library or `@webgpu/types`. Others need neither.
 */
function scopeWebGpu(program, files) {
  const names = new Set()
  for (const file of files) {
    const own = namesOfWebGpu(file)
    if (own.length === 0) continue
    const depth = relative(FOLDER, resolve(file.fileName)).split(sep).length - 1
    const path = `${'../'.repeat(depth) || './'}webgpu.js`
    const text = `import type { ${own.join(', ')} } from '${path}';\n`
    writeFileSync(file.fileName, text + readFileSync(file.fileName, 'utf8'))
    for (const name of own) names.add(name)
  }
  const values = program.getTypeChecker().getSymbolsInScope(files[0], ts.SymbolFlags.Value)
  const classes = new Set(values.map(({ name }) => name))
  const others = [...names].filter((name) => !classes.has(name))
  if (others.length > 0)
    fail(`${others} has no value at run time: mark the declarations that name it @internal`)
  const lines = [...names]
    .sort()
    .map(
      (name) =>
        `export type ${name} = typeof globalThis extends { ${name}: { prototype: infer T } } ? T : object;`,
    )
  writeFileSync(WEBGPU, `// The WebGPU types of the application, if it has them.\n${lines.join('\n')}\n`)
}

/** The WebGPU types that a file refers to. */
function namesOfWebGpu(file) {
  const names = new Set()
  const visit = (node) => {
    if (ts.isTypeReferenceNode(node) && /^GPU[A-Z]|^GPU$/.test(node.typeName.getText(file)))
      names.add(node.typeName.getText(file))
    ts.forEachChild(node, visit)
  }
  visit(file)
  return [...names].sort()
}
