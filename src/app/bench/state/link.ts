// Permalinks of the benchmark page: settings, model and calculator inputs, behind the # that no server
// sees.
import { type BenchSettings, CACHE_KINDS } from '../../../bench/result.ts'
import {
  type LinkFields,
  linkText,
  type ParsedLink,
  parseCount,
  parseLinkFields,
} from '../../shared/permalink.tsx'
import {
  type CalculatorInputs,
  calculatorInputsFor,
  isPrecision,
  isPublishedName,
  MAX_CONTEXT_TOKENS,
  minOf,
  SHAPE_FIELD_NAMES,
  SHAPE_FIELDS,
} from './calculator-inputs.ts'
import type { AttentionShape } from './kv-formula.ts'
import { publishedShape } from './published-shapes.ts'
import { KV_DTYPES, MAX_CONTEXT, MAX_STEPS } from './run-settings.ts'

export interface BenchLink extends ParsedLink {
  /** Only the settings that the link names. */
  readonly settings: Partial<BenchSettings>
  /** A model that is not bundled: an address or a Hub name. The user is asked before it is opened. */
  readonly model: string | undefined
  readonly calculation: CalculatorInputs
}

const MAX_MODEL_LENGTH = 300
const MAX_CONTEXTS = 16

/** The text of the link, without the #. Only changed numbers of the shape are written. */
export function writeBenchLink(
  settings: BenchSettings,
  calculation: CalculatorInputs,
  model: string | undefined,
): string {
  const { contexts, caches, numbers, steps } = settings
  const published = publishedShape(calculation.model)
  const changed = SHAPE_FIELD_NAMES.filter((field) => calculation.shape[field] !== published[field])
  return linkText({
    contexts: contexts.join(','),
    caches: caches.join(','),
    numbers,
    steps: String(steps),
    model,
    shape: calculation.model,
    own: calculation.ownPrecision,
    others: calculation.otherPrecision,
    context: String(calculation.context),
    ...Object.fromEntries(changed.map((field) => [field, String(calculation.shape[field])])),
  })
}

/** Reads a link, which may be written by hand: parts out of range are refused, not clamped. */
export function readBenchLink(hash: string): BenchLink {
  const { field, refused } = parseLinkFields(hash)
  const settings: { readonly [K in keyof BenchSettings]: BenchSettings[K] | undefined } = {
    contexts: field('contexts', contextsOf),
    caches: field('caches', (text) => subsetOf(text, CACHE_KINDS)),
    numbers: field('numbers', (text) => KV_DTYPES.find((dtype) => dtype === text)),
    steps: field('steps', (text) => parseCount(text, 1, MAX_STEPS)),
  }
  const name = field('shape', (text) => (isPublishedName(text) ? text : undefined)) ?? 'V3'
  const precision = (text: string) => (isPrecision(text) ? text : undefined)
  const base = calculatorInputsFor(name)
  return {
    settings: Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)),
    model: field('model', modelOf),
    calculation: {
      ...base,
      ownPrecision: field('own', precision) ?? base.ownPrecision,
      otherPrecision: field('others', precision) ?? base.otherPrecision,
      context: field('context', (text) => parseCount(text, 1, MAX_CONTEXT_TOKENS)) ?? base.context,
      shape: { ...base.shape, ...changedShapeFields(field) },
    },
    refused,
  }
}

function changedShapeFields(part: LinkFields['field']) {
  const changed: Partial<Record<keyof AttentionShape, number>> = {}
  for (const field of SHAPE_FIELD_NAMES) {
    const { max } = SHAPE_FIELDS[field]
    const number = part(field, (text) => parseCount(text, minOf(field), max))
    if (number !== undefined) changed[field] = number
  }
  return changed
}

function contextsOf(text: string): number[] | undefined {
  const numbers = text.split(',').map((context) => parseCount(context, 1, MAX_CONTEXT))
  const known = numbers.filter((context) => context !== undefined)
  if (known.length !== numbers.length || known.length > MAX_CONTEXTS) return undefined
  return [...new Set(known)].sort((a, b) => a - b)
}

/** Entries of `all` in their order, if the text names nothing else. */
function subsetOf<T extends string>(text: string, all: readonly T[]): T[] | undefined {
  const names = text.split(',')
  const found = all.filter((entry) => names.includes(entry))
  return found.length > 0 && names.every((name) => found.some((entry) => entry === name)) ? found : undefined
}

/** A Hub name or an http(s) address; no scheme that a browser would run. */
function modelOf(text: string): string | undefined {
  if (text.length > MAX_MODEL_LENGTH) return undefined
  if (/^hf:[\w.-]+\/[\w.-]+(@[\w.-]+)?$/.test(text)) return text
  return /^https?:\/\/[^\s]+$/.test(text) && URL.canParse(text) ? text : undefined
}
