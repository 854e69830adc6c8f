// Answers: how do WGSL files reach TypeScript? As the module `virtual:shaders`: a record from the path under
// shaders/ without its extension ("norm/rms_norm") to its text. `virtual:shaders/whole` is the same with comments, for who wants to read
// them, whatever else is left out. One plugin serves Vite, Vitest and rolldown.
// It must not know what a shader says.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', 'shaders')
const id = 'virtual:shaders'
const whole = `${id}/whole`

/** Every shader file under shaders/, as absolute paths in a stable order. */
export function shaderFiles() {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.wgsl'))
    .sort()
    .map((path) => join(root, path))
}

/**
 * @param {{ strip?: boolean, bare?: boolean }} options strip: leave out, for what is shipped, comments, blanks, and what only benchmarks of kernels run;
 * bare: also what contracts (src/kernels) state for the type checker, tests and the kernel lab alone: shapes, names of constants, slots.
 */
export function shaderPlugin({ strip = false, bare = false } = {}) {
  return {
    name: 'hadal:shaders',
    resolveId: (source) => (source === id || source === whole ? `\0${source}` : null),
    load(source) {
      if (source !== `\0${id}` && source !== `\0${whole}`) return null
      const short = strip && source === `\0${id}`
      const record = {}
      for (const file of shaderFiles()) {
        this.addWatchFile(file)
        const path = relative(root, file)
          .replaceAll('\\', '/')
          .replace(/\.wgsl$/, '')
        if (short && path.startsWith('bench/')) continue
        const text = readFileSync(file, 'utf8')
        record[path] = short ? stripped(text) : text
      }
      return `export default ${JSON.stringify(record)}`
    },
    transform: {
      filter: { id: /src[\\/]kernels[\\/]/ },
      handler: (code) => (bare ? { code: withoutStatements(code), map: null } : null),
    },
  }
}

const withoutStatements = (code) =>
  code
    .replace(/\b((?:read|write)\(\s*'[^']*'),\s*(?:'[^']*'|\w+),?\s*\)/g, "$1, '')")
    .replace(/^\s*slots: \[[^\]]*\],?$/gm, '')
    .replace(/^\s*constants(: \[[^\]]*\])?,$/gm, 'constants: [],')

/**
 * Directives and overrides stay at the start of a line, where the engine looks for them. No blank goes that keeps two signs apart: behind a
 * closing `>` that an equals sign follows, or before a minus.
 */
export function stripped(text) {
  return text
    .split('\n')
    .map((line) => line.replace(/\s*\/\/.*$/, '').replace(/^\s+/, ''))
    .filter((line) => line !== '')
    .map((line) => (line.startsWith('#') ? line : squeezed(line)))
    .join('\n')
    .replace(/([;{}])\n(?!#|override )/g, '$1')
}

const squeezed = (line) =>
  line
    .replace(/ ?([,;:{}()+*%]) ?/g, '$1')
    .replace(/(?<!>) ?= ?/g, '=')
    .replace(/ (-|-=|\/|&&|\|\||<|>|<=|>=|<<|>>|&|\||\^|!=|->) (?!-)/g, '$1')
    .replace(/vec([234])<([fu])32>/g, 'vec$1$2')
