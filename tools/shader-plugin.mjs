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

/** @param {{ strip?: boolean }} options strip: leave out comments and blank lines, for what is shipped. */
export function shaderPlugin({ strip = false } = {}) {
  return {
    name: 'hadal:shaders',
    resolveId: (source) => (source === id || source === whole ? `\0${source}` : null),
    load(source) {
      if (source !== `\0${id}` && source !== `\0${whole}`) return null
      const short = strip && source === `\0${id}`
      const record = {}
      for (const file of shaderFiles()) {
        this.addWatchFile(file)
        const text = readFileSync(file, 'utf8')
        record[
          relative(root, file)
            .replaceAll('\\', '/')
            .replace(/\.wgsl$/, '')
        ] = short ? stripped(text) : text
      }
      return `export default ${JSON.stringify(record)}`
    },
  }
}

function stripped(text) {
  return text
    .split('\n')
    .map((line) => line.replace(/\s*\/\/.*$/, '').replace(/^\s+/, ''))
    .filter((line) => line !== '')
    .join('\n')
}
