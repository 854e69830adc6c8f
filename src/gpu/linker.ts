// Links a shader: resolves its directives into one WGSL text, and its overrides into constants of that text.
import { HadalError } from '../lib/error.ts'

/** Shader sources by path under shaders/, without extension. */
export type ShaderSources = Readonly<Record<string, string>>

/** Module chosen for each slot: `{ weights: 'weights/fp8_block' }` for `#import weights`. */
export type Imports = Readonly<Record<string, string>>

const DIRECTIVE = /^#(import|enable|diagnostic|attribute)\s+(\S+)\s*$/

/**
 * Links one shader. The first `#import NAME` of a module becomes its text; NAME is a slot of `imports` or a
 * path. `#enable EXTENSION` and `#diagnostic RULE` (which turns a rule off) move to the top, where WGSL
 * requires them, `#attribute ATTRIBUTE` to the entry point. Throws `internal` if an import is neither a
 * module nor a slot of `imports`.
 */
export function link(sources: ShaderSources, path: string, imports: Imports = {}): string {
  const directives = new Set<string>()
  const attributes = ['@compute']
  const done = new Set<string>()
  const text: string[] = []

  const include = (name: string, from: string) => {
    const target = imports[name] ?? name
    if (done.has(target)) return
    done.add(target)
    const source = sources[target]
    if (source === undefined) {
      throw new HadalError(
        'internal',
        `Shader ${from} imports "${name}", which is neither a module nor a slot of this variant.`,
      )
    }
    for (const line of source.split('\n')) {
      const [, directive, argument] = DIRECTIVE.exec(line) ?? []
      if (directive === 'import' && argument) include(argument, target)
      else if (directive === 'enable') directives.add(`enable ${argument};`)
      else if (directive === 'diagnostic') directives.add(`diagnostic(off, ${argument});`)
      else if (directive === 'attribute' && argument) attributes.push(argument)
      else text.push(line)
    }
  }

  include(path, 'the kernel')
  const code = text.join('\n').replace(/^@compute\b/m, attributes.join(' '))
  return [...[...directives].sort(), code].join('\n')
}

const OVERRIDE = /^override\s+(\w+)\s*(?::\s*(\w+))?\s*(?:=\s*([^;]+?))?\s*;/gm

/** An `override` declaration of a linked text; `fallback` is the expression of its default. */
export interface OverrideDeclaration {
  readonly name: string
  readonly type: string // empty if the text leaves it to the default
  readonly fallback: string | undefined
}

/** The overrides that a linked text declares, in order. */
export const overridesOf = (text: string): readonly OverrideDeclaration[] =>
  [...text.matchAll(OVERRIDE)].map(([, name = '', type = '', fallback]) => ({ name, type, fallback }))

/**
 * Turns the overrides of a linked text into `const` declarations with the given values or their defaults.
 * Drivers specialise on the values either way, and Firefox's compiler ends the browser at a workgroup array
 * whose size is an expression of overrides. Values that the text does not declare are ignored: a contract
 * lists those of all possible modules. Throws `internal` if an override has neither value nor default.
 */
export function specialize(text: string, values: Readonly<Record<string, number>>): string {
  return text.replace(OVERRIDE, (_, name: string, type: string | undefined, fallback: string | undefined) => {
    const value = values[name]
    const expression = value === undefined ? fallback : type === 'bool' ? value !== 0 : value
    if (expression === undefined) throw new HadalError('internal', `The constant ${name} has no value.`)
    return `const ${name}${type ? `: ${type}` : ''} = ${expression};`
  })
}

/** The slots that a variant must fill: names imported by a shader and its modules that are not paths. */
export function slotsOf(sources: ShaderSources, path: string): readonly string[] {
  const slots = new Set<string>()
  const seen = new Set<string>()
  const collect = (target: string) => {
    if (seen.has(target)) return
    seen.add(target)
    for (const line of (sources[target] ?? '').split('\n')) {
      const [, directive, argument] = DIRECTIVE.exec(line) ?? []
      if (directive !== 'import' || !argument) continue
      if (argument in sources) collect(argument)
      else slots.add(argument)
    }
  }
  collect(path)
  return [...slots]
}
