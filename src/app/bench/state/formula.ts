// Answers: how many bytes do keys and values of a token take? The formulas of KV caches, exact, and as text with the numbers filled in.
// It must not know which model has which numbers.

/** Attention, as far as its cache depends on it. */
export interface Shape {
  readonly layers: number
  readonly heads: number
  readonly kvHeads: number // heads that keep keys and values; `heads` where there is a latent
  readonly latent: number // 0: keys and values themselves are kept
  readonly nope: number // columns of a key that are not rotated
  readonly rope: number // columns that are
  readonly value: number
  /** Width of a head in the papers' 2 · heads · head, which ignores that keys are wider than values. */
  readonly head: number
}

/** Ways to keep keys and values. `own`: as the model was published, without a latent; `paper`: standard attention as the papers count it. */
export const FORMS = ['latent', 'own', 'standard', 'paper', 'gqa-8', 'mqa'] as const
export type Form = (typeof FORMS)[number]

/**
 * `fp8`: a byte a number and a bf16 scale for each 128, filled up to whole words, the shared rotated key in 16 bits: 648 bytes for
 * DeepSeek, as Hadal keeps them. `fp8-flash`: scales of 4 bytes, as FlashMLA keeps them: 656. `fp8-plain`: a byte a number, no scales.
 */
export const PRECISIONS = ['f32', 'f16', 'fp8', 'fp8-flash', 'fp8-plain', '6-bit'] as const
export type Precision = (typeof PRECISIONS)[number]

/** Tokens of a page: a cache is made of whole ones. */
export const PAGE_TOKENS = 64

/** Numbers that share a scale of `fp8-flash`, and that fill a word of scales of `fp8`: either way 4 bytes. */
const SCALED = { fp8: 256, 'fp8-flash': 128 } as const
const WORD = 4

const BITS: Readonly<Record<Exclude<Precision, keyof typeof SCALED>, number>> = {
  f32: 32,
  f16: 16,
  'fp8-plain': 8,
  '6-bit': 6,
}

interface Term {
  readonly symbol: string
  readonly number: number
}

/** What a layer keeps of a token: `times` vectors of each kind, and `exact`, which fp8 leaves in 16 bits. */
interface Layout {
  readonly times: Term | undefined
  readonly vectors: readonly (readonly Term[])[]
  readonly exact: Term | undefined
}

export interface Cost {
  /** Numbers kept per token and layer. */
  readonly numbers: number
  readonly recordBytes: number // per token and layer
  readonly bytesPerToken: number // all layers
  /** The formula in names, and with the numbers in their places. */
  readonly symbols: string
  readonly filled: string
}

/** What a form keeps of each token. */
export function costOf(shape: Shape, form: Form, precision: Precision): Cost {
  const layout = layoutOf(shape, form)
  const times = layout.times?.number ?? 1
  const widths = layout.vectors.map(sum)
  const exact = layout.exact?.number ?? 0
  const numbers = times * sumOf(widths) + exact
  const recordBytes = isScaled(precision)
    ? times * sumOf(widths.map((width) => scaledBytes(width, precision))) + 2 * exact
    : (numbers * BITS[precision]) / 8
  return {
    numbers,
    recordBytes,
    bytesPerToken: shape.layers * recordBytes,
    symbols: written(layout, precision, 'layers', ({ symbol }) => symbol),
    filled: written(layout, precision, count(shape.layers), ({ number }) => count(number)),
  }
}

/** Which forms there are for a shape: `latent` needs a latent, `own` is what is published without one. */
export function formsOf({ latent }: Shape): Form[] {
  return FORMS.filter((form) => (latent > 0 ? form !== 'own' : form !== 'latent'))
}

/** Bytes of a cache of `context` tokens, in whole pages. */
export function cacheBytes(bytesPerToken: number, context: number): number {
  return Math.ceil(context / PAGE_TOKENS) * PAGE_TOKENS * bytesPerToken
}

function layoutOf({ heads, kvHeads, latent, nope, rope, value, head }: Shape, form: Form): Layout {
  const shared = { symbol: 'rope', number: rope }
  const key = nope > 0 ? [{ symbol: 'nope', number: nope }, shared] : [{ symbol: 'key', number: rope }]
  const both = [key, [{ symbol: 'value', number: value }]]
  const same = [{ symbol: 'head', number: head }]
  switch (form) {
    case 'latent':
      return { times: undefined, vectors: [[{ symbol: 'latent', number: latent }]], exact: shared }
    case 'own':
      return { times: { symbol: 'kv heads', number: kvHeads }, vectors: both, exact: undefined }
    case 'standard':
      return { times: { symbol: 'heads', number: heads }, vectors: both, exact: undefined }
    case 'paper':
      return { times: { symbol: 'heads', number: heads }, vectors: [same, same], exact: undefined }
    case 'gqa-8':
      return { times: { symbol: '8', number: Math.min(8, heads) }, vectors: both, exact: undefined }
    case 'mqa':
      return { times: undefined, vectors: both, exact: undefined }
  }
}

/** The formula of bytes per token: `layers × heads × (nope + rope + value) × 2`. */
function written(
  layout: Layout,
  precision: Precision,
  layers: string,
  write: (term: Term) => string,
): string {
  const times = layout.times ? `${write(layout.times)} × ` : ''
  const widths = layout.vectors.flat().map(write)
  if (!isScaled(precision)) {
    const all = [...widths, ...(layout.exact ? [write(layout.exact)] : [])]
    return `${layers} × ${times}(${all.join(' + ')}) × ${BITS[precision] / 8}`
  }
  const scales = layout.vectors.map((vector) => {
    const width = vector.map(write).join(' + ')
    return `${WORD} × ⌈${vector.length > 1 ? `(${width})` : width} / ${SCALED[precision]}⌉`
  })
  const exact = layout.exact ? [`2 × ${write(layout.exact)}`] : []
  return `${layers} × ${times}(${[...widths, ...scales, ...exact].join(' + ')})`
}

const isScaled = (precision: Precision): precision is keyof typeof SCALED => precision in SCALED

/** Bytes of a vector with its scales. A reader who asks for widths that fill no whole words gets the sum, without what fills them up. */
const scaledBytes = (width: number, precision: keyof typeof SCALED): number =>
  width + WORD * Math.ceil(width / SCALED[precision])

const sum = (terms: readonly Term[]): number => sumOf(terms.map(({ number }) => number))
const sumOf = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
const count = (number: number): string => number.toLocaleString('en')
