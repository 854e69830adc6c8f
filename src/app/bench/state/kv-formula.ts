// Exact KV cache formulas: bytes per token of an attention shape, and the formula as text.

/** The attention numbers that the cache size depends on. Their names are also the symbols of permalinks. */
export interface AttentionShape {
  readonly layers: number
  readonly heads: number
  readonly kvHeads: number // heads with keys and values of their own; equals `heads` with a latent
  readonly latent: number // kv_lora_rank; 0: keys and values are cached instead
  readonly nope: number // columns of a key without rotary embedding
  readonly rope: number // columns with it
  readonly value: number
  /** Head width in the papers' formula 2 · heads · head, which ignores that keys are wider than values. */
  readonly head: number
}

/**
 * Cache layouts that the calculator compares. `own`: the layout of a model published without a latent;
 * `paper`: standard attention as the papers count it.
 */
export const CALCULATOR_LAYOUTS = ['latent', 'own', 'standard', 'paper', 'gqa-8', 'mqa'] as const
export type CalculatorLayout = (typeof CALCULATOR_LAYOUTS)[number]

/**
 * `fp8`: Hadal's format. One byte a number, one bf16 scale for each 128 numbers, padded to whole words, and
 * the shared rotated key in 16 bits: 648 bytes for DeepSeek. `fp8-flash`: FlashMLA's format with scales of 4
 * bytes: 656 bytes. `fp8-plain`: one byte a number, no scales.
 */
export const CACHE_PRECISIONS = ['f32', 'f16', 'fp8', 'fp8-flash', 'fp8-plain', '6-bit'] as const
export type CachePrecision = (typeof CACHE_PRECISIONS)[number]

/** Tokens per page. A cache consists of whole pages. */
export const PAGE_TOKENS = 64

/** Numbers per 4 bytes of scales: one f32 scale in `fp8-flash`, two bf16 scales in `fp8`. */
const ELEMENTS_PER_4_SCALE_BYTES = { fp8: 256, 'fp8-flash': 128 } as const
const WORD_BYTES = 4

const BITS_PER_ELEMENT: Readonly<
  Record<Exclude<CachePrecision, keyof typeof ELEMENTS_PER_4_SCALE_BYTES>, number>
> = {
  f32: 32,
  f16: 16,
  'fp8-plain': 8,
  '6-bit': 6,
}

interface FormulaTerm {
  readonly symbol: string
  readonly number: number
}

/** The KV entry of a token in one layer: `repeats` × `vectors`, and `exact`, which fp8 leaves in 16 bits. */
interface KvEntryTerms {
  readonly repeats: FormulaTerm | undefined
  readonly vectors: readonly (readonly FormulaTerm[])[]
  readonly exact: FormulaTerm | undefined
}

export interface KvCost {
  /** Numbers cached per token and layer. */
  readonly elements: number
  readonly kvEntryBytes: number // per token and layer
  readonly bytesPerToken: number // all layers
  /** The formula in symbols, and with the numbers filled in. */
  readonly symbols: string
  readonly withNumbers: string
}

/** Size of the KV cache of a shape in a layout and precision. */
export function kvCostOf(shape: AttentionShape, layout: CalculatorLayout, precision: CachePrecision): KvCost {
  const terms = entryTermsOf(shape, layout)
  const repeats = terms.repeats?.number ?? 1
  const widths = terms.vectors.map(sum)
  const exact = terms.exact?.number ?? 0
  const elements = repeats * sumOf(widths) + exact
  const kvEntryBytes = isScaled(precision)
    ? repeats * sumOf(widths.map((width) => scaledBytes(width, precision))) + 2 * exact
    : (elements * BITS_PER_ELEMENT[precision]) / 8
  return {
    elements,
    kvEntryBytes,
    bytesPerToken: shape.layers * kvEntryBytes,
    symbols: formulaText(terms, precision, 'layers', ({ symbol }) => symbol),
    withNumbers: formulaText(terms, precision, formatInteger(shape.layers), ({ number }) =>
      formatInteger(number),
    ),
  }
}

/** Layouts that exist for a shape: `latent` needs a latent, `own` is for models without one. */
export function layoutsOf({ latent }: AttentionShape): CalculatorLayout[] {
  return CALCULATOR_LAYOUTS.filter((layout) => (latent > 0 ? layout !== 'own' : layout !== 'latent'))
}

/** Bytes of a cache of `context` tokens, in whole pages. */
export function cacheBytes(bytesPerToken: number, context: number): number {
  return Math.ceil(context / PAGE_TOKENS) * PAGE_TOKENS * bytesPerToken
}

function entryTermsOf(
  { heads, kvHeads, latent, nope, rope, value, head }: AttentionShape,
  layout: CalculatorLayout,
): KvEntryTerms {
  const shared = { symbol: 'rope', number: rope }
  const key = nope > 0 ? [{ symbol: 'nope', number: nope }, shared] : [{ symbol: 'key', number: rope }]
  const both = [key, [{ symbol: 'value', number: value }]]
  const same = [{ symbol: 'head', number: head }]
  switch (layout) {
    case 'latent':
      return { repeats: undefined, vectors: [[{ symbol: 'latent', number: latent }]], exact: shared }
    case 'own':
      return { repeats: { symbol: 'kv heads', number: kvHeads }, vectors: both, exact: undefined }
    case 'standard':
      return { repeats: { symbol: 'heads', number: heads }, vectors: both, exact: undefined }
    case 'paper':
      return { repeats: { symbol: 'heads', number: heads }, vectors: [same, same], exact: undefined }
    case 'gqa-8':
      return { repeats: { symbol: '8', number: Math.min(8, heads) }, vectors: both, exact: undefined }
    case 'mqa':
      return { repeats: undefined, vectors: both, exact: undefined }
  }
}

/** The formula of bytes per token: `layers × heads × (nope + rope + value) × 2`. */
function formulaText(
  { repeats, vectors, exact }: KvEntryTerms,
  precision: CachePrecision,
  layers: string,
  write: (term: FormulaTerm) => string,
): string {
  const times = repeats ? `${write(repeats)} × ` : ''
  const widths = vectors.flat().map(write)
  if (!isScaled(precision)) {
    const all = [...widths, ...(exact ? [write(exact)] : [])]
    return `${layers} × ${times}(${all.join(' + ')}) × ${BITS_PER_ELEMENT[precision] / 8}`
  }
  const scales = vectors.map((vector) => {
    const sumText = vector.map(write).join(' + ')
    const width = vector.length > 1 ? `(${sumText})` : sumText
    return `${WORD_BYTES} × ⌈${width} / ${ELEMENTS_PER_4_SCALE_BYTES[precision]}⌉`
  })
  const exactText = exact ? [`2 × ${write(exact)}`] : []
  return `${layers} × ${times}(${[...widths, ...scales, ...exactText].join(' + ')})`
}

const isScaled = (precision: CachePrecision): precision is keyof typeof ELEMENTS_PER_4_SCALE_BYTES =>
  precision in ELEMENTS_PER_4_SCALE_BYTES

/** Bytes of a vector with its scales. Padding of widths that are not whole words is not counted. */
const scaledBytes = (width: number, precision: keyof typeof ELEMENTS_PER_4_SCALE_BYTES): number =>
  width + WORD_BYTES * Math.ceil(width / ELEMENTS_PER_4_SCALE_BYTES[precision])

const sum = (terms: readonly FormulaTerm[]): number => sumOf(terms.map(({ number }) => number))
const sumOf = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
const formatInteger = (number: number): string => number.toLocaleString('en')
