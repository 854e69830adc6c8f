// Highlights code with highlight.js, without its HTML. Runs in the typesetting worker.
import type { Emitter, LanguageFn } from 'highlight.js'
import highlighter from 'highlight.js/lib/core'
import type { CodeLines, CodeRun, CodeScope } from './typeset-types.ts'

type Grammar = Promise<{ default: LanguageFn }>

// Each is a chunk of its own.
const GRAMMARS = new Map<string, () => Grammar>([
  ['bash', () => import('highlight.js/lib/languages/bash')],
  ['c', () => import('highlight.js/lib/languages/c')],
  ['cpp', () => import('highlight.js/lib/languages/cpp')],
  ['csharp', () => import('highlight.js/lib/languages/csharp')],
  ['css', () => import('highlight.js/lib/languages/css')],
  ['dart', () => import('highlight.js/lib/languages/dart')],
  ['diff', () => import('highlight.js/lib/languages/diff')],
  ['dockerfile', () => import('highlight.js/lib/languages/dockerfile')],
  ['elixir', () => import('highlight.js/lib/languages/elixir')],
  ['erlang', () => import('highlight.js/lib/languages/erlang')],
  ['fsharp', () => import('highlight.js/lib/languages/fsharp')],
  ['glsl', () => import('highlight.js/lib/languages/glsl')],
  ['go', () => import('highlight.js/lib/languages/go')],
  ['graphql', () => import('highlight.js/lib/languages/graphql')],
  ['haskell', () => import('highlight.js/lib/languages/haskell')],
  ['ini', () => import('highlight.js/lib/languages/ini')],
  ['java', () => import('highlight.js/lib/languages/java')],
  ['javascript', () => import('highlight.js/lib/languages/javascript')],
  ['json', () => import('highlight.js/lib/languages/json')],
  ['julia', () => import('highlight.js/lib/languages/julia')],
  ['kotlin', () => import('highlight.js/lib/languages/kotlin')],
  ['latex', () => import('highlight.js/lib/languages/latex')],
  ['less', () => import('highlight.js/lib/languages/less')],
  ['lua', () => import('highlight.js/lib/languages/lua')],
  ['makefile', () => import('highlight.js/lib/languages/makefile')],
  ['markdown', () => import('highlight.js/lib/languages/markdown')],
  ['matlab', () => import('highlight.js/lib/languages/matlab')],
  ['objectivec', () => import('highlight.js/lib/languages/objectivec')],
  ['ocaml', () => import('highlight.js/lib/languages/ocaml')],
  ['perl', () => import('highlight.js/lib/languages/perl')],
  ['php', () => import('highlight.js/lib/languages/php')],
  ['powershell', () => import('highlight.js/lib/languages/powershell')],
  ['python', () => import('highlight.js/lib/languages/python')],
  ['r', () => import('highlight.js/lib/languages/r')],
  ['ruby', () => import('highlight.js/lib/languages/ruby')],
  ['rust', () => import('highlight.js/lib/languages/rust')],
  ['scala', () => import('highlight.js/lib/languages/scala')],
  ['scss', () => import('highlight.js/lib/languages/scss')],
  ['sql', () => import('highlight.js/lib/languages/sql')],
  ['swift', () => import('highlight.js/lib/languages/swift')],
  ['typescript', () => import('highlight.js/lib/languages/typescript')],
  ['xml', () => import('highlight.js/lib/languages/xml')],
  ['yaml', () => import('highlight.js/lib/languages/yaml')],
])

// The first part of the highlighter's scopes; others stay plain.
const SCOPES = new Map<string, CodeScope>([
  ...scopesOf('keyword', 'keyword', 'meta', 'selector-tag', 'section', 'doctag', 'template-tag', 'tag'),
  ...scopesOf('string', 'string', 'regexp', 'char', 'link', 'code', 'quote'),
  ...scopesOf('number', 'number', 'literal', 'symbol', 'bullet', 'variable', 'template-variable'),
  ...scopesOf('comment', 'comment'),
  ...scopesOf('name', 'title', 'name', 'property', 'selector-id', 'selector-class', 'function'),
  ...scopesOf('type', 'type', 'built_in', 'class', 'attr', 'attribute', 'selector-attr', 'selector-pseudo'),
  ...scopesOf('added', 'addition'),
  ...scopesOf('removed', 'deletion'),
])

function scopesOf(scope: CodeScope, ...names: string[]): [string, CodeScope][] {
  return names.map((name) => [name, scope])
}

/** Collects lines of coloured text instead of the highlighter's HTML. */
class LineEmitter implements Emitter {
  readonly lines: CodeRun[][] = [[]]
  readonly #open: (CodeScope | undefined)[] = []

  addText(text: string): void {
    const scope = this.#open.at(-1)
    for (const [index, part] of text.split('\n').entries()) {
      if (index > 0) this.lines.push([])
      if (part) this.lines.at(-1)?.push(scope ? [scope, part] : part)
    }
  }

  startScope(name: string): void {
    // Within a comment or a string, an unknown part looks like the whole.
    this.#open.push(SCOPES.get(name.split('.')[0] ?? '') ?? this.#open.at(-1))
  }

  endScope(): void {
    this.#open.pop()
  }

  // The highlighter calls both pairs of names.
  openNode(name: string): void {
    this.startScope(name)
  }

  closeNode(): void {
    this.endScope()
  }

  __addSublanguage(emitter: Emitter): void {
    if (!(emitter instanceof LineEmitter)) return
    const [first = [], ...rest] = emitter.lines
    this.lines.at(-1)?.push(...first)
    this.lines.push(...rest)
  }

  finalize(): void {}

  toHTML(): string {
    return ''
  }
}

highlighter.configure({ __emitter: LineEmitter })

/** The code in coloured lines; undefined for a language that is unknown. */
export async function highlightCode(text: string, language: string): Promise<CodeLines | undefined> {
  if (!highlighter.getLanguage(language)) {
    const grammar = await GRAMMARS.get(language)?.()
    if (!grammar) return
    highlighter.registerLanguage(language, grammar.default)
  }
  const { _emitter: emitter, errorRaised } = highlighter.highlight(text, { language, ignoreIllegals: true })
  return emitter instanceof LineEmitter && !errorRaised ? emitter.lines : undefined
}
