// Makes programs of the documents' code blocks: those of one document and one kind are one program.
import ts from 'typescript'
import type { Block } from './blocks.ts'
import { type Kind, kindOf, ofKind, placeOf } from './kinds.ts'

/** Kinds whose blocks are programs. */
export const PROGRAM_KINDS = ['node', 'react', 'page', 'trusted-types', 'service-worker'] as const
export type ProgramKind = (typeof PROGRAM_KINDS)[number]

export interface Program {
  readonly file: string
  readonly kind: ProgramKind
  /** A module that exports `run`; a service worker exports nothing. */
  readonly text: string
  readonly extension: '.ts' | '.tsx' | '.js'
  /** Where each line of the text comes from. */
  readonly places: readonly (string | undefined)[]
  /** What it prints, by the document: each part somewhere in its output. */
  readonly outputs: readonly string[]
}

const isProgram = (kind: Kind | undefined): kind is ProgramKind =>
  PROGRAM_KINDS.some((known) => known === kind)

/** All programs. */
export const PROGRAMS: readonly Program[] = [
  ...groupByProgram(ofKind(...PROGRAM_KINDS, 'output')).values(),
].map(({ file, kind, blocks, outputs }) => {
  const extension = kind === 'react' ? '.tsx' : kind === 'service-worker' ? '.js' : '.ts'
  const { lines, places } = kind === 'service-worker' ? joined(blocks) : nested(blocks)
  return { file, kind, extension, text: lines.join('\n'), places, outputs }
})

interface Group {
  readonly file: string
  readonly kind: ProgramKind
  readonly blocks: Block[]
  readonly outputs: string[]
}

function groupByProgram(blocks: readonly Block[]): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>()
  let latest: Group | undefined
  for (const block of blocks) {
    const { file, code } = block
    const kind = kindOf(block)
    if (isProgram(kind)) {
      const key = `${kind} ${file}`
      latest = groups.get(key) ?? { file, kind, blocks: [], outputs: [] }
      latest.blocks.push(block)
      groups.set(key, latest)
    } else if (latest?.file === file) latest.outputs.push(code)
    else throw new Error(`${placeOf(block)}: no program before it prints this`)
  }
  return groups
}

interface Placed {
  readonly lines: string[]
  readonly places: (string | undefined)[]
}

function append(to: Placed, lines: readonly string[], place?: Pick<Block, 'file' | 'line'>): void {
  for (const [i, line] of lines.entries()) {
    to.lines.push(line)
    to.places.push(place && placeOf({ file: place.file, line: place.line + i }))
  }
}

function joined(blocks: readonly Block[]): Placed {
  const placed: Placed = { lines: [], places: [] }
  for (const block of blocks) append(placed, block.code.split('\n'), block)
  return placed
}

/**
 * One function of all blocks, each in the scope of those before it: a block sees their names, and may declare
 * the same again. Imports are at the top, once.
 */
function nested(blocks: readonly Block[]): Placed {
  const imports = new Map<string, Set<string>>()
  const placed: Placed = { lines: [], places: [] }
  const body: Placed = { lines: [], places: [] }
  for (const block of blocks) {
    const { code, components } = withoutModuleSyntax(block.code, imports)
    append(body, ['{'])
    append(body, code.split('\n'), block)
    append(
      body,
      components.map((name) => `await mount(${name})`),
    )
  }
  for (const [from, names] of imports) append(placed, importLines(from, names))
  append(placed, ['export async function run(): Promise<void> {'])
  placed.lines.push(...body.lines)
  placed.places.push(...body.places)
  append(placed, ['}'.repeat(blocks.length), '}'])
  return placed
}

function importLines(from: string, clauses: ReadonlySet<string>): string[] {
  const named = [...clauses].filter((clause) => clause.startsWith('{ ')).map((clause) => clause.slice(2))
  const others = [...clauses].filter((clause) => !clause.startsWith('{ '))
  return [
    ...others.map((clause) => `import ${clause === '' ? '' : `${clause} from `}${from}`),
    ...(named.length > 0 ? [`import { ${named.join(', ')} } from ${from}`] : []),
  ]
}

/** Takes imports out of a block, and the word `export`; names the exported components. */
function withoutModuleSyntax(code: string, imports: Map<string, Set<string>>) {
  const source = ts.createSourceFile('block.tsx', code, ts.ScriptTarget.ESNext, true, ts.ScriptKind.TSX)
  const components: string[] = []
  let text = code
  const blank = (start: number, end: number) => {
    text = text.slice(0, start) + text.slice(start, end).replace(/[^\n]/g, ' ') + text.slice(end)
  }
  for (const statement of source.statements) {
    if (ts.isImportDeclaration(statement)) {
      const from = statement.moduleSpecifier.getText()
      const clauses = imports.get(from) ?? new Set()
      imports.set(from, clauses)
      for (const clause of clausesOf(statement)) clauses.add(clause)
      blank(statement.getStart(), statement.getEnd())
    } else if (ts.canHaveModifiers(statement)) {
      const words = ts.getModifiers(statement) ?? []
      const isExported = words.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
      for (const word of words)
        if (word.kind === ts.SyntaxKind.ExportKeyword || word.kind === ts.SyntaxKind.DefaultKeyword)
          blank(word.getStart(), word.getEnd())
      const name = ts.isFunctionDeclaration(statement) ? statement.name?.text : undefined
      if (isExported && name && /^[A-Z]/.test(name)) components.push(name)
    }
  }
  return { code: text, components }
}

/** What an import names: `{ name` for each of its names in braces. */
function clausesOf({ importClause: clause }: ts.ImportDeclaration): string[] {
  if (!clause) return ['']
  const { name, namedBindings: bindings } = clause
  const type = clause.phaseModifier === ts.SyntaxKind.TypeKeyword ? 'type ' : ''
  const named =
    bindings && ts.isNamedImports(bindings)
      ? bindings.elements.map((element) => `{ ${type}${element.getText()}`)
      : bindings
        ? [type + bindings.getText()]
        : []
  return [...(name ? [type + name.text] : []), ...named]
}
