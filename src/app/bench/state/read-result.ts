// Reads an imported benchmark result: checks and copies every known field, and drops the rest.
import {
  type BenchCache,
  type BenchEnvironment,
  type BenchModel,
  type BenchResult,
  type BenchRow,
  type BenchSettings,
  type BenchTiming,
  CACHE_KINDS,
  type CacheCheck,
} from '../../../bench/result.ts'
import { HadalError } from '../../../lib/error.ts'
import { type ResultFields, resultFields } from './result-fields.ts'
import { KV_DTYPES, MAX_CONTEXT, MAX_STEPS } from './run-settings.ts'

/** Largest file that is read. */
export const MAX_RESULT_BYTES = 1 << 20

const MAX_ROWS = 256
const MAX_FEATURES = 64
const MAX_LIMITS = 64
const MAX_TOKENS = 2 ** 31

/** Parses a result. Throws `bad_file` with the name of the wrong field and its rule. */
export function readResult(text: string, file: string): BenchResult {
  if (text.length > MAX_RESULT_BYTES) throw tooLarge(file)
  const fields = resultFields(parse(text, file), file)
  const result: BenchResult = {
    format: fields.choice('format', ['hadal-bench']),
    version: fields.choice('version', [1]),
    date: dateOf(fields),
    environment: environmentOf(fields.requiredObject('environment')),
    model: modelOf(fields.requiredObject('model')),
    settings: settingsOf(fields.requiredObject('settings')),
    copyBytesPerSecond: fields.number('copyBytesPerSecond'),
    caches: fields.objects('caches', CACHE_KINDS.length).map(cacheOf),
    rows: fields.objects('rows', MAX_ROWS).map(rowOf),
    complete: fields.flag('complete'),
  }
  refuseContradictions(result, fields)
  return result
}

/** The error for files of more than `MAX_RESULT_BYTES`. */
export function tooLarge(file: string): HadalError {
  return new HadalError('bad_file', 'The file is larger than a result can be.', {
    file,
    hint: 'Choose a file exported by this page or by `hadal bench --json`.',
  })
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new HadalError('bad_file', 'The file is not JSON.', {
      file,
      hint: 'Choose a file exported as JSON. CSV files cannot be imported.',
    })
  }
}

function dateOf(fields: ResultFields): string {
  const text = fields.text('date')
  if (!/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) || Number.isNaN(Date.parse(text)))
    throw fields.error('date', 'must be a time like 2026-01-31T12:00:00Z', text)
  return text
}

function environmentOf(fields: ResultFields): BenchEnvironment {
  const limits = fields.requiredObject('limits')
  const limitNames = limits.keys()
  if (limitNames.length > MAX_LIMITS)
    throw fields.error('limits', `must have ${MAX_LIMITS} fields or fewer`, limitNames)
  return {
    hadal: fields.text('hadal'),
    host: fields.text('host'),
    adapter: fields.text('adapter'),
    software: fields.flag('software'),
    features: fields.values('features', MAX_FEATURES, (list, index) => list.text(index)),
    limits: Object.fromEntries(
      limitNames.filter((name) => /^[a-zA-Z]\w{0,63}$/.test(name)).map((name) => [name, limits.number(name)]),
    ),
  }
}

function modelOf(fields: ResultFields): BenchModel {
  const size = (name: string, min = 0) => fields.count(name, min, 1 << 20)
  return {
    name: fields.text('name'),
    architecture: fields.text('architecture'),
    parameters: fields.count('parameters'),
    layers: size('layers', 1),
    heads: size('heads', 1),
    kvHeads: size('kvHeads', 1),
    latent: size('latent'),
    rope: size('rope'),
    key: size('key', 1),
    value: size('value', 1),
    trainedContext: fields.count('trainedContext', 1, MAX_TOKENS),
    quantize: fields.text('quantize'),
  }
}

function settingsOf(fields: ResultFields): BenchSettings {
  return {
    contexts: fields.values('contexts', 64, (list, index) => list.count(index, 1, MAX_CONTEXT)),
    caches: fields.values('caches', CACHE_KINDS.length, (list, index) => list.choice(index, CACHE_KINDS)),
    numbers: fields.choice('numbers', KV_DTYPES),
    steps: fields.count('steps', 1, MAX_STEPS),
  }
}

function cacheOf(fields: ResultFields): BenchCache {
  return {
    cache: fields.choice('cache', CACHE_KINDS),
    kvHeads: fields.count('kvHeads', 0, 1 << 20),
    bytesPerToken: fields.number('bytesPerToken', 1e-3),
    recordBytes: fields.number('recordBytes', 1e-3),
    maxContext: fields.count('maxContext', 0, MAX_TOKENS),
    check: checkOf(fields.requiredObject('check')),
  }
}

function checkOf(fields: ResultFields): CacheCheck {
  const verdict = fields.choice('verdict', ['equal', 'wrong', 'near', 'shape'])
  if (verdict === 'shape') return { verdict }
  const tokens = fields.count('tokens')
  if (verdict === 'equal') return { verdict, tokens }
  if (verdict === 'wrong') return { verdict, tokens, at: fields.count('at') }
  return { verdict, tokens, equal: fields.count('equal', 0, tokens), meanKl: fields.number('meanKl', -1e-3) }
}

function rowOf(fields: ResultFields): BenchRow {
  return {
    cache: fields.choice('cache', CACHE_KINDS),
    context: fields.count('context', 1, MAX_CONTEXT),
    bytes: fields.count('bytes'),
    formulaBytes: fields.count('formulaBytes'),
    ...(fields.has('decode') && { decode: timingOf(fields.requiredObject('decode')) }),
    ...(fields.has('prefill') && { prefill: timingOf(fields.requiredObject('prefill')) }),
    readBytesPerStep: fields.count('readBytesPerStep'),
    ...(fields.has('missing') && { missing: fields.text('missing') }),
  }
}

function timingOf(fields: ResultFields): BenchTiming {
  return {
    tokensPerSecond: fields.number('tokensPerSecond', 0, 1e9),
    ms: fields.number('ms', 0, 1e9),
    msLow: fields.number('msLow', 0, 1e9),
    msHigh: fields.number('msHigh', 0, 1e9),
    clock: fields.choice('clock', ['device', 'host']),
  }
}

/** Refuses duplicate rows, rows without their cache, and speeds of a cache that failed its check. */
function refuseContradictions({ caches, rows }: BenchResult, fields: ResultFields): void {
  const kinds = caches.map(({ cache }) => cache)
  if (new Set(kinds).size < kinds.length) throw fields.error('caches', 'must name each cache once', kinds)
  if (new Set(rows.map(({ cache, context }) => `${cache} ${context}`)).size < rows.length)
    throw fields.error('rows', 'must have one row for each cache and context', rows)
  for (const [index, { cache, decode, prefill }] of rows.entries()) {
    const check = caches.find(({ cache: kind }) => kind === cache)?.check
    if (!check) throw fields.error(`rows[${index}].cache`, 'must be one of the caches', cache)
    if (check.verdict === 'wrong' && (decode ?? prefill))
      throw fields.error(`rows[${index}]`, 'must have no speed, since its cache gave different text', cache)
  }
}
