// Reads models.json: the model that ships with the page, and models of the Hub that are worth trying.
import { HadalError } from '../lib/error.ts'
import { Fields } from '../lib/fields.ts'
import { formatValue } from '../lib/format.ts'

export const CATALOGUE_FILE = 'models.json'

/** The model that ships with the page. */
export interface BundledEntry {
  readonly name: string
  readonly path: string // of its folder, relative to models.json
  readonly bytes: number
  readonly parameters: number
  readonly description: string
}

const THINKING = ['no', 'optional', 'always'] as const
/** What a model is made for; `texts`: rewriting, summaries and questions about long texts. */
export const USES = ['chat', 'code', 'reasoning', 'texts'] as const
export type Use = (typeof USES)[number]
const WEIGHTS = ['MLX 4-bit', 'BF16'] as const

/** What an entry says of a model, and what may therefore be wrong. */
const FACTS = [
  'source',
  'parameters',
  'activeParameters',
  'license',
  'downloadBytes',
  'contextLength',
  'kvBytesPerToken',
  'thinking',
  'modelType',
] as const
export type Fact = (typeof FACTS)[number]

/** Where a fact comes from that was not compared with the folder on the Hub: docs/catalogue.md. */
const ORIGINS = ['card', 'config', 'computed', 'third party', 'assumed'] as const
export type Origin = (typeof ORIGINS)[number]

/** A model of the Hub. */
export interface CatalogueEntry {
  readonly name: string
  readonly source: string // hf:org/name
  readonly goodAt: string
  readonly uses: readonly Use[]
  readonly parameters: number
  readonly activeParameters: number // multiplied for one token; `ModelInfo` counts the same way
  readonly license: string
  readonly weights: (typeof WEIGHTS)[number]
  readonly downloadBytes: number // of the weights
  readonly contextLength: number // tokens; `max_position_embeddings`
  readonly kvBytesPerToken: number // in f16
  /** Whether it thinks before it answers; `optional`: as its template is asked to. */
  readonly thinking: (typeof THINKING)[number]
  readonly modelType: string // `model_type` of config.json
  readonly unverified: { readonly [F in Fact]?: Origin }
}

export interface Catalogue {
  readonly bundled: BundledEntry
  readonly models: readonly CatalogueEntry[]
}

const MAX = Number.MAX_SAFE_INTEGER
const MAX_MODELS = 200

/** Throws `bad_file` that names the field for anything but a complete list without unknown fields. */
export function parseCatalogue(json: unknown): Catalogue {
  const fields = new Fields(json, (path, rule, value) => badCatalogue(`${path} ${rule}`, formatValue(value)))
  const bundled = parseBundled(fields.requiredObject('bundled'))
  const entries = fields.objects('models', MAX_MODELS)
  const models = entries.map(parseEntry)
  const [unknown] = [fields, ...entries].flatMap((read) => read.unread())
  if (unknown) throw badCatalogue(`${unknown.path} is not a field of the list`, formatValue(unknown.value))
  return { bundled, models }
}

const badCatalogue = (problem: string, value: string): HadalError =>
  new HadalError('bad_file', `${CATALOGUE_FILE}: ${problem}: ${value}.`, { file: CATALOGUE_FILE })

const parseBundled = (fields: Fields): BundledEntry => ({
  name: text(fields, 'name'),
  path: text(fields, 'path'),
  bytes: fields.count('bytes', 1, MAX),
  parameters: fields.count('parameters', 1, MAX),
  description: text(fields, 'description'),
})

function parseEntry(fields: Fields): CatalogueEntry {
  const parameters = fields.count('parameters', 1, MAX)
  return {
    name: text(fields, 'name'),
    source: text(fields, 'source', /^hf:[\w.-]+\/[\w.-]+$/),
    goodAt: text(fields, 'goodAt'),
    uses: parseUses(fields),
    parameters,
    activeParameters: fields.count('activeParameters', 1, parameters),
    license: text(fields, 'license'),
    weights: fields.choice('weights', WEIGHTS),
    downloadBytes: fields.count('downloadBytes', 1, MAX),
    contextLength: fields.count('contextLength', 1, MAX),
    kvBytesPerToken: fields.count('kvBytesPerToken', 1, MAX),
    thinking: fields.choice('thinking', THINKING),
    modelType: text(fields, 'modelType', /^\w+$/),
    unverified: parseUnverified(fields.requiredObject('unverified')),
  }
}

function parseUses(fields: Fields): Use[] {
  const value = fields.get('uses')
  const uses = Array.isArray(value) ? USES.filter((use) => value.includes(use)) : []
  if (uses.length > 0 && Array.isArray(value) && uses.length === value.length) return uses
  throw fields.error('uses', `must be a list of ${USES.join(', ')}`, value)
}

function parseUnverified(fields: Fields): CatalogueEntry['unverified'] {
  const facts = FACTS.filter((fact) => fields.has(fact))
  return Object.fromEntries(facts.map((fact) => [fact, fields.choice(fact, ORIGINS)]))
}

function text(fields: Fields, key: string, form = /^\S.*\S$/): string {
  const value = fields.get(key)
  if (typeof value === 'string' && form.test(value)) return value
  throw fields.error(key, `must be a text like ${form.source}`, value)
}

/** The entry of a source as a user writes it. */
export const findEntry = (models: readonly CatalogueEntry[], source: unknown): CatalogueEntry | undefined =>
  typeof source === 'string' ? models.find((entry) => entry.source === source.trim()) : undefined

/** Activations, state and staging buffers: 35 to 85 MB in models of 1.5 to 16 billion parameters. */
const OTHER_BYTES = 2 ** 27

const Q4_BITS = 4.5 // of a weight, its part of a scale included

/**
 * GPU memory that a model needs with this many tokens in an f16 cache.
 * @param quantize `q4`: with its weights in 4 bits, else as stored
 */
export function estimateGpuBytes(
  { downloadBytes, parameters, ...entry }: CatalogueEntry,
  contextLength: number,
  quantize: 'none' | 'q4' = 'none',
): number {
  const tokens = Math.min(contextLength, entry.contextLength)
  const weightBytes = quantize === 'q4' ? Math.ceil((parameters * Q4_BITS) / 8) : downloadBytes
  return weightBytes + entry.kvBytesPerToken * tokens + OTHER_BYTES
}
