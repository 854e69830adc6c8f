// Answers: with which options was a model opened that this browser keeps? Remembered by place, so that it still fits when it is opened
// again; never a token. Believed only as far as the words exist. It must not know how a model is opened.
import type { Opening } from './loading.ts'

export type KeptOptions = Pick<Opening['options'], 'quantize' | 'contextLength' | 'cache'>
type Shelf = () => Storage

const key = 'hadal.options.1'
const ways = ['auto', 'none', 'fp8', 'q8', 'q4'] as const
const caches = ['f16', 'f32', 'fp8'] as const
const browser: Shelf = () => localStorage

/** Remembers how a model was opened. A full or forbidden storage is no reason to disturb anyone. */
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
  try {
    const found = (read(shelf()).get(place) ?? {}) as Record<string, unknown>
    const cache = caches.find((word) => word === found.cache)
    const tokens = typeof found.contextLength === 'number' ? found.contextLength : 0
    return {
      quantize: ways.find((word) => word === found.quantize) ?? 'auto',
      ...(Number.isInteger(tokens) && tokens > 0 && tokens < 2 ** 31 && { contextLength: tokens }),
      ...(cache && { cache }),
    }
  } catch {
    return { quantize: 'auto' }
  }
}

function change(shelf: Shelf, work: (all: Map<string, unknown>) => unknown): void {
  try {
    const storage = shelf()
    const all = read(storage)
    work(all)
    storage.setItem(key, JSON.stringify(Object.fromEntries(all)))
  } catch {}
}

function read(storage: Storage): Map<string, unknown> {
  try {
    const all: unknown = JSON.parse(storage.getItem(key) ?? '{}')
    return new Map(typeof all === 'object' && all !== null ? Object.entries(all) : [])
  } catch {
    return new Map()
  }
}
