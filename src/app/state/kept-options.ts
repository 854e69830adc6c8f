// Answers: with which options was a model opened that this browser keeps? Remembered by place, so that it still fits when it is opened
// again; never a token. Believed only as far as the words exist. It must not know how a model is opened.
import { OWN_CACHES } from '../../api/place.ts'
import { isRecord } from '../../lib/record.ts'
import type { Opening } from './loading.ts'
import { attempt, browser, type Shelf } from './shelf.ts'

export type KeptOptions = Pick<Opening['options'], 'quantize' | 'contextLength' | 'cache'>

const key = 'hadal.options.1'
const ways = ['auto', 'none', 'fp8', 'q8', 'q4'] as const

/** Remembers how a model was opened. */
export function rememberOptions(place: string, options: KeptOptions, shelf: Shelf = browser): void {
  const { quantize, contextLength, cache } = options
  change(shelf, (all) => all.set(place, { quantize, contextLength, cache }))
}

/** Forgets a model that is no longer kept. */
export function forgetOptions(place: string, shelf: Shelf = browser): void {
  change(shelf, (all) => all.delete(place))
}

/** How a model was opened last; where that is not known, with weights that fit. */
export function optionsFor(place: string, shelf: Shelf = browser): KeptOptions {
  const found = attempt(() => read(shelf()).get(place))
  const { quantize, contextLength: tokens, cache: word } = isRecord(found) ? found : {}
  const cache = OWN_CACHES.find((each) => each === word)
  return {
    quantize: ways.find((each) => each === quantize) ?? 'auto',
    ...(isCount(tokens) && { contextLength: tokens }),
    ...(cache && { cache }),
  }
}

const isCount = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) > 0 && Number(value) < 2 ** 31

function change(shelf: Shelf, work: (all: Map<string, unknown>) => unknown): void {
  attempt(() => {
    const storage = shelf()
    const all = read(storage)
    work(all)
    storage.setItem(key, JSON.stringify(Object.fromEntries(all)))
  })
}

function read(storage: Storage): Map<string, unknown> {
  const all = attempt((): unknown => JSON.parse(storage.getItem(key) ?? '{}'))
  return new Map(isRecord(all) ? Object.entries(all) : [])
}
