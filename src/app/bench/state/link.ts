// Answers: how do settings travel in an address? As the part behind the #, which no host ever sees; believed only as far as it makes sense.
// It must not know what the settings do.
import { type BenchSettings, CACHE_KINDS } from '../../../bench/result.ts'
import { countOf, type LinkParts, linkParts } from '../../state/link-parts.ts'
import {
  type Calculation,
  calculationOf,
  isPrecision,
  isPublished,
  LONGEST,
  leastOf,
  VARIABLES,
  variables,
} from './calculation.ts'
import type { Shape } from './formula.ts'
import { publishedShape } from './published.ts'
import { MOST_CONTEXT, MOST_STEPS, NUMBERS } from './settings.ts'

export interface Link {
  /** Only what the link says; the rest is up to the page. */
  readonly settings: Partial<BenchSettings>
  /** A model that the page does not come with: an address, or a name on the Hub. Never opened without being asked. */
  readonly model: string | undefined
  readonly calculation: Calculation
  /** Parts that were not understood, and are left out. */
  readonly refused: readonly string[]
}

const longestModel = 300
const mostContexts = 16

/** The link's text, without the #. */
export function writeLink(
  settings: BenchSettings,
  calculation: Calculation,
  model: string | undefined,
): string {
  const { contexts, caches, numbers, steps } = settings
  const parts = new URLSearchParams({
    contexts: contexts.join(','),
    caches: caches.join(','),
    numbers,
    steps: String(steps),
    ...(model !== undefined && { model }),
    shape: calculation.model,
    own: calculation.own,
    others: calculation.others,
    context: String(calculation.context),
  })
  const published = publishedShape(calculation.model)
  for (const variable of variables) {
    const number = calculation.shape[variable]
    if (number !== published[variable]) parts.set(variable, String(number))
  }
  return parts.toString().replaceAll('%2C', ',')
}

/** Reads what somebody may have written by hand. */
export function readLink(hash: string): Link {
  const { part, refused } = linkParts(hash)
  const settings = {
    contexts: part('contexts', contextsOf),
    caches: part('caches', (text) => listOf(text, CACHE_KINDS)),
    numbers: part('numbers', (text) => NUMBERS.find((each) => each === text)),
    steps: part('steps', (text) => countOf(text, 1, MOST_STEPS)),
  }
  const name = part('shape', (text) => (isPublished(text) ? text : undefined)) ?? 'V3'
  const precision = (text: string) => (isPrecision(text) ? text : undefined)
  const base = calculationOf(name)
  return {
    settings: Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)),
    model: part('model', modelOf),
    calculation: {
      ...base,
      own: part('own', precision) ?? base.own,
      others: part('others', precision) ?? base.others,
      context: part('context', (text) => countOf(text, 1, LONGEST)) ?? base.context,
      shape: { ...base.shape, ...variedBy(part) },
    },
    refused,
  }
}

function variedBy(part: LinkParts['part']) {
  const varied: Partial<Record<keyof Shape, number>> = {}
  for (const variable of variables) {
    const { most } = VARIABLES[variable]
    const number = part(variable, (text) => countOf(text, leastOf(variable), most))
    if (number !== undefined) varied[variable] = number
  }
  return varied
}

function contextsOf(text: string): number[] | undefined {
  const numbers = text.split(',').map((each) => countOf(each, 1, MOST_CONTEXT))
  const known = numbers.filter((each) => each !== undefined)
  if (known.length !== numbers.length || known.length > mostContexts) return undefined
  return [...new Set(known)].sort((a, b) => a - b)
}

function listOf<T extends string>(text: string, all: readonly T[]): T[] | undefined {
  const names = text.split(',')
  const found = all.filter((each) => names.includes(each))
  return found.length > 0 && names.every((name) => found.some((each) => each === name)) ? found : undefined
}

/** A name on the Hub or an address that the page may read from; nothing that a browser would run. */
function modelOf(text: string): string | undefined {
  if (text.length > longestModel) return undefined
  if (/^hf:[\w.-]+\/[\w.-]+(@[\w.-]+)?$/.test(text)) return text
  return /^https?:\/\/[^\s]+$/.test(text) && URL.canParse(text) ? text : undefined
}
