// Reads what the declarations of a shader state, from its text alone.
import { WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js'

/** Declarations of a linked shader. */
export interface ShaderFacts {
  readonly bindings: readonly {
    readonly name: string
    readonly type: string
    readonly access: string
    readonly group: number
    readonly binding: number
  }[]
  readonly overrides: readonly { readonly name: string; readonly hasDefault: boolean }[]
  readonly structs: Readonly<Record<string, readonly { name: string; offset: number; type: string }[]>>
  readonly entryPoints: readonly string[]
}

export function readShader(linked: string): ShaderFacts {
  const code = declarations(linked)
  const reflected = new WgslReflect(code)
  const variables = [...reflected.uniforms, ...reflected.storage]
  return {
    bindings: variables
      .sort((a, b) => a.binding - b.binding)
      .map(({ name, group, binding, type, resourceType, access }) => ({
        name,
        type: plainType(type.getTypeName()),
        access: resourceType === 0 ? 'uniform' : access,
        group,
        binding,
      })),
    overrides: reflected.overrides.map(({ name }) => ({
      name,
      hasDefault: new RegExp(`override\\s+${name}\\s*:[^;=]+=`).test(code),
    })),
    structs: Object.fromEntries(
      reflected.structs.map((struct) => [
        struct.name,
        struct.members.map(({ name, offset, type }) => ({ name, offset, type: type.getTypeName() })),
      ]),
    ),
    entryPoints: [...linked.matchAll(/@compute[^{]*?\bfn\s+(\w+)/g)].map((match) => match[1] ?? ''),
  }
}

/** `array<vec4u, 0>` → `vec4<u32>`: the element type as contracts write it. */
function plainType(type: string): string {
  const element = /^array<(.*?)(, 0)?>$/.exec(type)?.[1] ?? type
  const scalars: Readonly<Record<string, string>> = { f: 'f32', u: 'u32', i: 'i32' }
  return element.replace(/^vec([234])([fui])$/, (_, size, kind) => `vec${size}<${scalars[kind]}>`)
}

/** Lines of Chromium's draft of subgroup matrices, and directives: wgsl_reflect cannot parse them. */
const UNPARSED = /^(enable |diagnostic\(|alias \w+ = subgroup_matrix_).*$/gm

/** The text without comments and functions, because wgsl_reflect cannot parse every WGSL statement. */
function declarations(linked: string): string {
  const code = linked.replace(/\/\/.*$/gm, '').replace(UNPARSED, '')
  const kept: string[] = []
  let at = 0
  for (const match of code.matchAll(/(@compute\s[^{};]*?|@must_use\s+)?\bfn\s+\w+[^{]*\{/g)) {
    if (match.index < at) continue
    kept.push(code.slice(at, match.index))
    at = closingBrace(code, match.index + match[0].length)
  }
  return kept.join('') + code.slice(at)
}

/** End of the block that was opened before `start`. */
function closingBrace(code: string, start: number): number {
  let depth = 1
  let at = start
  for (; depth > 0 && at < code.length; at++) {
    if (code[at] === '{') depth++
    else if (code[at] === '}') depth--
  }
  return at
}
