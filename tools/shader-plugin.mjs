// Plugin for Vite, Vitest and rolldown that imports the WGSL files: `virtual:shaders` maps the path under
// shaders/ without its extension ("norm/rms_norm") to the text. `virtual:shaders/whole` keeps the comments
// where `virtual:shaders` is stripped. `virtual:shaders/on-demand` has what a stripped `virtual:shaders`
// lacks because few loads need it.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', 'shaders')
const MODULE_ID = 'virtual:shaders'
const WHOLE_MODULE_ID = `${MODULE_ID}/whole`
const ON_DEMAND_MODULE_ID = `${MODULE_ID}/on-demand`
const MODULE_IDS = [MODULE_ID, WHOLE_MODULE_ID, ON_DEMAND_MODULE_ID]

/** Every shader file under shaders/, as absolute paths in a stable order. */
export function shaderFiles() {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.wgsl'))
    .sort()
    .map((path) => join(root, path))
}

/** What only kernel benchmarks and tests run: loops, emulated matrix units. */
const NOT_SHIPPED = ['bench/', 'linear/matrix_unit_emulated']

/**
 * What many loads do not need: quantizing, matrix units, products of 8-bit integers, log-probabilities,
 * caches other than that of latents, batches, drafts, weights of other tools. Nothing else imports it.
 */
const ON_DEMAND = new RegExp(
  `^(${[
    'quantize/.*',
    'linear/(hardware_matrices|input_row_pair|matrix_|subgroup_matrix_|tile_subgroup_matrix_).*',
    '.*int8.*',
    '(cache|pack)/fp8',
    'attention/(fp8_kv_entry|kv_store|mla_write_expanded|subgroup_broadcast_1|(broadcast_)?gqa_.*)',
    'sample/top_logprobs',
    'weights/a[48].*',
    'shared/(affine_scale|batch|row_pages|rows_[248])',
    'norm/rms_norm_pair',
  ].join('|')})$`,
)

/** @param {{ strip?: boolean }} options strip: shorten `virtual:shaders` as `shipped` does */
export function shaderPlugin({ strip = false } = {}) {
  return {
    name: 'hadal:shaders',
    resolveId: (source) => (MODULE_IDS.includes(source) ? `\0${source}` : null),
    load(source) {
      const id = source.slice(1)
      if (!source.startsWith('\0') || !MODULE_IDS.includes(id)) return null
      const record = {}
      for (const file of shaderFiles()) {
        this.addWatchFile(file)
        const path = relative(root, file)
          .replaceAll('\\', '/')
          .replace(/\.wgsl$/, '')
        record[path] = readFileSync(file, 'utf8')
      }
      const whole = !strip || id === WHOLE_MODULE_ID
      return `export default ${JSON.stringify(whole ? record : shipped(record, id === ON_DEMAND_MODULE_ID))}`
    },
  }
}

/**
 * The shaders as they ship: without comments, needless white space and NOT_SHIPPED; those of ON_DEMAND apart
 * from the others.
 */
export function shipped(sources, onDemand = false) {
  return Object.fromEntries(
    Object.entries(sources)
      .filter(([path]) => !NOT_SHIPPED.some((start) => path.startsWith(start)))
      .filter(([path]) => ON_DEMAND.test(path) === onDemand)
      .map(([path, text]) => [path, withoutComments(text)]),
  )
}

/** WGSL has no strings, and the shaders have no block comments, so `//` always begins a comment. */
const withoutComments = (text) =>
  text
    .split('\n')
    .map((line) => withoutSpaces(line.split('//', 1)[0].trim()))
    .filter((line) => line !== '')
    .join('\n')
    .replace(/(?<=[;{},(])\n(?![#@]|override\b)/g, '') // what linking looks for begins a line

/** Removes spaces beside signs that cannot become another sign with what follows or precedes them. */
const withoutSpaces = (line) =>
  line.startsWith('#')
    ? line
    : line
        .replace(/ ?([,:;{}]) ?/g, '$1')
        .replace(/(?<!>) ([=+*/%<]|[=+*<>!]=|&&|[|]{2}|>>|<<|->) /g, '$1')
        .replace(/(?<=[\w)\]]) ([&|^-]) (?=[\w(])/g, '$1')
