// Plugin for Vite, Vitest and rolldown that imports the WGSL files: `virtual:shaders` maps the path under
// shaders/ without its extension ("norm/rms_norm") to the text. `virtual:shaders/whole` keeps the comments
// where `virtual:shaders` is stripped.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', 'shaders')
const MODULE_ID = 'virtual:shaders'
const WHOLE_MODULE_ID = `${MODULE_ID}/whole`

/** Every shader file under shaders/, as absolute paths in a stable order. */
export function shaderFiles() {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.wgsl'))
    .sort()
    .map((path) => join(root, path))
}

/** Shaders that only the kernel benchmarks run: their loops, and decode of several rows at a time. */
const BENCHMARK_ONLY = /^bench\/|^shared\/rows_[248]$/

/**
 * @param {{ strip?: boolean, bare?: boolean }} options
 *   strip: shorten shipped shaders: no comments, blanks, long names and benchmark-only shaders;
 *   bare: also drop from contracts (src/kernels) what only the type checker, tests and the kernel lab read:
 *   shapes, names of constants, slots.
 */
export function shaderPlugin({ strip = false, bare = false } = {}) {
  return {
    name: 'hadal:shaders',
    resolveId: (source) => (source === MODULE_ID || source === WHOLE_MODULE_ID ? `\0${source}` : null),
    load(source) {
      if (source !== `\0${MODULE_ID}` && source !== `\0${WHOLE_MODULE_ID}`) return null
      const shorten = strip && source === `\0${MODULE_ID}`
      const record = {}
      for (const file of shaderFiles()) {
        this.addWatchFile(file)
        const path = relative(root, file)
          .replaceAll('\\', '/')
          .replace(/\.wgsl$/, '')
        record[path] = readFileSync(file, 'utf8')
      }
      return `export default ${JSON.stringify(shorten ? shipped(record) : record)}`
    },
    transform: {
      filter: { id: /src[\\/]kernels[\\/]/ },
      handler: (code) => (bare ? { code: withoutDocs(code), map: null } : null),
    },
  }
}

/** Drops shapes, slots and constant names from a contract. */
const withoutDocs = (code) =>
  code
    .replace(/\b((?:read|write)\(\s*'[^']*'),\s*(?:'[^']*'|\w+),?\s*\)/g, "$1, '')")
    .replace(/^\s*slots: \[[^\]]*\],?$/gm, '')
    .replace(/^\s*constants(: \[[^\]]*\])?,$/gm, 'constants: [],')

/**
 * The shipped shaders, shortened. Declarations get the same short name everywhere, since modules share them.
 */
export function shipped(sources) {
  const texts = Object.entries(sources)
    .filter(([path]) => !BENCHMARK_ONLY.test(path))
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
 * Directives and overrides stay at the start of a line, where the linker looks for them. Blanks stay where
 * they keep two operators apart: between `>` and `=`, and before a minus.
 */
function stripped(text) {
  return withShortNames(withoutBlanks(text))
}

const withoutBlanks = (text) =>
  text
    .split('\n')
    .map((line) => line.replace(/\s*\/\/.*$/, '').replace(/^\s+/, ''))
    .filter((line) => line !== '')
    .map((line) => (line.startsWith('#') ? line : withoutSpaces(line)))
    .join('\n')
    .replace(/([;{},])\n(?!#|override )/g, '$1')

/** Renames parameters and variables of each function to single letters that it does not use. */
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
  throw new Error(`this function has no end: ${text.slice(start, start + 40)}`)
}

function withShortLocals(body) {
  const used = new Set(body.match(/\b[a-zA-Z]\b/g))
  const free = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'].filter(
    (letter) => !used.has(letter),
  )
  const locals = [...body.matchAll(/(?:\b(?:let|var) |[(,)])([a-z]\w+)(?=[:=])/g)].map(([, name]) => name)
  const letters = new Map([...new Set(locals)].map((name, i) => [name, free[i] ?? name]))
  // Not after a dot: those are struct fields.
  return body.replace(/(?<![.\w])[a-z]\w*/g, (word) => letters.get(word) ?? word)
}

const withoutSpaces = (line) =>
  line
    .replace(/ ?([,;:{}()+*%]) ?/g, '$1')
    .replace(/(?<!>) ?= ?/g, '=')
    .replace(/ (-|-=|\/|&&|\|\||<|>|<=|>=|<<|>>|&|\||\^|!=|->) (?!-)/g, '$1')
    .replace(/\b(vec[234]|mat4x4)<([fu])32>/g, '$1$2')
