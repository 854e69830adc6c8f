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

/** What only benchmarks of kernels run: their own loops, and decode of several rows at a time. */
const MEASURED = /^bench\/|^shared\/rows_[248]$/

/**
 * @param {{ strip?: boolean, bare?: boolean }} options strip: leave out, for what is shipped, comments, blanks, long names of functions and local variables, and what only benchmarks of kernels run;
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
        record[path] = readFileSync(file, 'utf8')
      }
      return `export default ${JSON.stringify(short ? shipped(record) : record)}`
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

/** What of all shaders is shipped, in fewer letters. What modules declare gets the same names everywhere, since they use each other's. */
export function shipped(sources) {
  const texts = Object.entries(sources)
    .filter(([path]) => !MEASURED.test(path))
    .map(([path, text]) => [path, stripped(text)])
  const all = texts.map(([, text]) => text).join('\n')
  const found = (pattern) => [...all.matchAll(pattern)].map(([, name]) => name)
  const kept = new Set(['main', ...found(/(?:\.|override )(\w+)/g)])
  const names = new Map()
  for (const name of found(/\b(?:fn|const|alias|struct|var<[^>]*>) ?(\w+)/g))
    if (!kept.has(name) && !names.has(name)) names.set(name, `_${names.size.toString(36)}`)
  const renamed = (text) => text.replace(/^#.*|(?<![.\w])[a-zA-Z]\w+/gm, (name) => names.get(name) ?? name)
  return Object.fromEntries(texts.map(([path, text]) => [path, renamed(text)]))
}

/**
 * Directives and overrides stay at the start of a line, where the engine looks for them. No blank goes that keeps two signs apart: behind a
 * closing `>` that an equals sign follows, or before a minus.
 */
function stripped(text) {
  return withShortNames(withoutBlanks(text))
}

const withoutBlanks = (text) =>
  text
    .split('\n')
    .map((line) => line.replace(/\s*\/\/.*$/, '').replace(/^\s+/, ''))
    .filter((line) => line !== '')
    .map((line) => (line.startsWith('#') ? line : squeezed(line)))
    .join('\n')
    .replace(/([;{},])\n(?!#|override )/g, '$1')

/** What functions call their parameters and variables is nobody else's business: single letters that the function does not use. */
function withShortNames(text) {
  let short = ''
  let done = 0
  for (const { index } of text.matchAll(/\bfn \w+\(/g)) {
    const end = endOfBody(text, index)
    short += text.slice(done, index) + withShortLocals(text.slice(index, end))
    done = end
  }
  return short + text.slice(done)
}

function endOfBody(text, start) {
  let depth = 0
  for (let at = text.indexOf('{', start); at < text.length; at++) {
    if (text[at] === '{') depth++
    if (text[at] === '}' && --depth === 0) return at + 1
  }
  throw new Error(`a function without an end: ${text.slice(start, start + 40)}`)
}

function withShortLocals(body) {
  const used = new Set(body.match(/\b[a-zA-Z]\b/g))
  const free = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'].filter(
    (letter) => !used.has(letter),
  )
  const locals = [...body.matchAll(/(?:\b(?:let|var) |[(,)])([a-z]\w+)(?=[:=])/g)].map(([, name]) => name)
  const letters = new Map([...new Set(locals)].map((name, i) => [name, free[i] ?? name]))
  // Not behind a point, where the fields of structures are.
  return body.replace(/(?<![.\w])[a-z]\w*/g, (word) => letters.get(word) ?? word)
}

const squeezed = (line) =>
  line
    .replace(/ ?([,;:{}()+*%]) ?/g, '$1')
    .replace(/(?<!>) ?= ?/g, '=')
    .replace(/ (-|-=|\/|&&|\|\||<|>|<=|>=|<<|>>|&|\||\^|!=|->) (?!-)/g, '$1')
    .replace(/\b(vec[234]|mat4x4)<([fu])32>/g, '$1$2')
