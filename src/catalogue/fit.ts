// Which listed models fit a device, which one to recommend, and which match a search.
import { fitsIn, type MemoryRange } from '../lib/memory-range.ts'
import { type CatalogueEntry, estimateGpuBytes, type Use } from './catalogue.ts'

/** How a listed model fits a device, and what it takes there. */
export interface DeviceFit {
  /** `unknown`: too little is known of the memory. */
  readonly fits: boolean | 'unknown'
  /** `q4`: only with its weights in 4 bits. */
  readonly quantize: 'none' | 'q4'
  readonly gpuBytes: number
}

/** How a model fits with this many tokens: as stored if it can, else in 4 bits if that helps. */
export function fitOf(entry: CatalogueEntry, contextLength: number, memory: MemoryRange): DeviceFit {
  const withWeights = (quantize: DeviceFit['quantize']): DeviceFit => {
    const gpuBytes = estimateGpuBytes(entry, contextLength, quantize)
    return { fits: fitsIn(gpuBytes, memory), quantize, gpuBytes }
  }
  const stored = withWeights('none')
  if (stored.fits === true || entry.weights !== 'BF16') return stored
  const small = withWeights('q4')
  return small.fits === true || stored.fits === false ? small : stored
}

/** What is known of a device; `spaceLeft`: bytes that this browser may store, undefined if unknown. */
export interface DeviceFacts {
  readonly memory: MemoryRange
  readonly spaceLeft?: number | undefined
}

/** Without a certain fit, most devices have this much memory for a model. */
const MODEST_BYTES = 2.5e9

export interface Recommendation {
  readonly entry: CatalogueEntry
  /** `fits`: the best that certainly fits; `modest`: the best of those that most devices can hold. */
  readonly reason: 'fits' | 'modest'
}

/** The best model for conversation that certainly fits the device, else a modest one that may fit. */
export function recommend(
  entries: readonly CatalogueEntry[],
  contextLength: number,
  { memory, spaceLeft = Number.POSITIVE_INFINITY }: DeviceFacts,
): Recommendation | undefined {
  const candidates = entries
    .filter(({ uses, thinking, downloadBytes }) => {
      return uses.includes('chat') && thinking !== 'always' && downloadBytes <= spaceLeft
    })
    .map((entry) => ({ entry, ...fitOf(entry, contextLength, memory) }))
    .sort((a, b) => strength(b.entry) - strength(a.entry))
  const certain = candidates.find(({ fits }) => fits === true)
  if (certain) return { entry: certain.entry, reason: 'fits' }
  const modest = candidates.find(({ fits, gpuBytes }) => fits === 'unknown' && gpuBytes <= MODEST_BYTES)
  return modest && { entry: modest.entry, reason: 'modest' }
}

/** A mixture of experts is about as good as a dense model of this many parameters. */
const strength = ({ parameters, activeParameters }: CatalogueEntry): number =>
  Math.sqrt(parameters * activeParameters)

/** What the list is narrowed to. */
export interface CatalogueFilter {
  readonly text: string
  readonly use?: Use | undefined
  readonly fitting: boolean
  readonly thinking: boolean
  readonly small: boolean
}

export const NO_FILTER: CatalogueFilter = { text: '', fitting: false, thinking: false, small: false }

const SMALL_BYTES = 2 ** 30

/**
 * Whether an entry matches.
 * @param about further words of the entry, such as what it is good at in the reader's language
 */
export function matches(
  entry: CatalogueEntry,
  { fits }: DeviceFit,
  { text, use, fitting, thinking, small }: CatalogueFilter,
  about = '',
): boolean {
  const { name, source, goodAt, license, modelType, uses } = entry
  const words = [name, source, goodAt, license, modelType, ...uses, about].join(' ').toLowerCase()
  return (
    text
      .toLowerCase()
      .split(/\s+/)
      .every((word) => words.includes(word)) &&
    (use === undefined || uses.includes(use)) &&
    (!fitting || fits !== false) &&
    (!thinking || entry.thinking !== 'no') &&
    (!small || entry.downloadBytes <= SMALL_BYTES)
  )
}
