// Answers: what WGSL text does a kernel become? Resolves `#import` and `#enable` lines; nothing else is rewritten.
// It must not know what any shader computes.
import { HadalError } from '../lib/error.ts'

/** Shader texts by path under shaders/, without extension. */
export type ShaderSources = Readonly<Record<string, string>>

/** Which module stands behind a slot: `{ weights: 'weights/fp8_block' }` for `#import weights`. */
export type Imports = Readonly<Record<string, string>>

const DIRECTIVE = /^#(import|enable|diagnostic)\s+(\S+)\s*$/

/**
 * Links one shader: each `#import NAME` becomes the module's text, once, before its first use. NAME is a slot of `imports` or a path.
 * `#enable f16` and `#enable subgroups` are gathered at the top, since WGSL wants them first; so is `#diagnostic RULE`, which turns one off.
 */
export function link(sources: ShaderSources, path: string, imports: Imports = {}): string {
  const head = new Set<string>()
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
        `Shader ${from} imports "${name}", which is no module and no bound slot.`,
      )
    }
    for (const line of source.split('\n')) {
      const [, directive, argument] = DIRECTIVE.exec(line) ?? []
      if (directive === 'import' && argument) include(argument, target)
      else if (directive === 'enable') head.add(`enable ${argument};`)
      else if (directive === 'diagnostic') head.add(`diagnostic(off, ${argument});`)
      else text.push(line)
    }
  }

  include(path, 'the kernel')
  return [...[...head].sort(), ...text].join('\n')
}

/** The names that a shader and its modules import without being paths: the slots a variant has to fill. */
export function slotsOf(sources: ShaderSources, path: string): readonly string[] {
  const slots = new Set<string>()
  const seen = new Set<string>()
  const visit = (target: string) => {
    if (seen.has(target)) return
    seen.add(target)
    for (const line of (sources[target] ?? '').split('\n')) {
      const [, directive, argument] = DIRECTIVE.exec(line) ?? []
      if (directive !== 'import' || !argument) continue
      if (argument in sources) visit(argument)
      else slots.add(argument)
    }
  }
  visit(path)
  return [...slots]
}
