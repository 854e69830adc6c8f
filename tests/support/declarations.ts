// Reads the emitted type declarations: what each entry exports, and where `any` is written.
import { readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import ts from 'typescript'

type Exports = Readonly<Record<string, string | { readonly types: string }>>

/** The declarations of a package's entries. */
export class Declarations {
  readonly #folder: string
  readonly #program: ts.Program
  readonly #entries: readonly (readonly [name: string, path: string])[]

  /** @param folder of the installed package */
  constructor(folder: string) {
    const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { exports: Exports }
    this.#folder = folder
    this.#entries = Object.entries(exports).flatMap(([name, entry]) =>
      typeof entry === 'string' ? [] : [[name.replace(/^\./, 'hadal'), join(folder, entry.types)] as const],
    )
    this.#program = ts.createProgram(
      this.#entries.map(([, path]) => path),
      { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, types: [] },
    )
  }

  /**
   * Every exported name with its declaration, by entry, and what exported interfaces and classes extend; each
   * once where entries share it.
   */
  api(): string {
    const checker = this.#program.getTypeChecker()
    const shown = new Map<ts.Symbol, string>() // grows while the bases at the end are listed
    const sections = this.#entries.map(([entry, path]) => {
      const file = this.#program.getSourceFile(path)
      const module = file && checker.getSymbolAtLocation(file)
      const names = module ? checker.getExportsOfModule(module) : []
      const lines = names
        .map((symbol) => ({ name: symbol.name, symbol: aliased(symbol, checker) }))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ name, symbol }) => {
          const first = shown.get(symbol)
          if (first !== undefined) return `${name}: as in ${first}`
          shown.set(symbol, entry)
          return `${name}: ${(symbol.declarations ?? []).map(printed).join('\n')}`
        })
      return [`# ${entry}`, ...lines].join('\n')
    })
    const bases: string[] = []
    for (const symbol of shown.keys()) {
      for (const base of extended(symbol, checker).filter((other) => !shown.has(other))) {
        shown.set(base, 'bases')
        if (this.#isOwn(base))
          bases.push(`${base.name}: ${(base.declarations ?? []).map(printed).join('\n')}`)
      }
    }
    return `${[...sections, ['# bases', ...bases.sort()].join('\n')].join('\n\n')}\n`
  }

  #holds({ fileName }: ts.SourceFile): boolean {
    return resolve(fileName).startsWith(this.#folder)
  }

  #isOwn({ declarations = [] }: ts.Symbol): boolean {
    return declarations.some((declaration) => this.#holds(declaration.getSourceFile()))
  }

  /** Places where the declarations name the type `any`, as file and line. */
  any(): string[] {
    const files = this.#program.getSourceFiles().filter((file) => this.#holds(file))
    return files.flatMap((file) => {
      const places: string[] = []
      const visit = (node: ts.Node): void => {
        if (node.kind === ts.SyntaxKind.AnyKeyword) {
          const { line } = file.getLineAndCharacterOfPosition(node.getStart(file))
          places.push(`${relative(this.#folder, file.fileName)}:${line + 1}`)
        }
        ts.forEachChild(node, visit)
      }
      visit(file)
      return places
    })
  }
}

/** What the interfaces and classes of a symbol extend. */
const extended = ({ declarations = [] }: ts.Symbol, checker: ts.TypeChecker): ts.Symbol[] =>
  declarations
    .flatMap((node) => (ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node) ? [node] : []))
    .flatMap(({ heritageClauses = [] }) => heritageClauses.flatMap(({ types }) => [...types]))
    .flatMap(({ expression }) => checker.getSymbolAtLocation(expression) ?? [])
    .map((symbol) => aliased(symbol, checker))

const aliased = (symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol

const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed })

/** A declaration without its comments. */
function printed(declaration: ts.Declaration): string {
  const whole = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration
  return printer.printNode(ts.EmitHint.Unspecified, whole, declaration.getSourceFile())
}
