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

/** GPU memory that a model needs with its weights as stored and this many tokens in an f16 cache. */
export function estimateGpuBytes(entry: CatalogueEntry, contextLength: number): number {
  const tokens = Math.min(contextLength, entry.contextLength)
  return entry.downloadBytes + entry.kvBytesPerToken * tokens + OTHER_BYTES
}
