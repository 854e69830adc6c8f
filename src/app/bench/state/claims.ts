// The arithmetic behind published claims about the memory of latent attention (MLA).
import { type AttentionShape, type CachePrecision, type CalculatorLayout, kvCostOf } from './kv-formula.ts'
import { PUBLISHED_SHAPES, type PublishedName, publishedShape } from './published-shapes.ts'

/** Bytes per token of a cache and of the one it is compared with, and the first divided by the second. */
export interface ByteComparison {
  readonly bytes: number
  readonly baselineBytes: number
  readonly fraction: number
}

function compare(
  [shape, layout, precision]: readonly [AttentionShape, CalculatorLayout, CachePrecision],
  [otherShape, otherLayout, otherPrecision]: readonly [AttentionShape, CalculatorLayout, CachePrecision],
): ByteComparison {
  const bytes = kvCostOf(shape, layout, precision).bytesPerToken
  const baselineBytes = kvCostOf(otherShape, otherLayout, otherPrecision).bytesPerToken
  return { bytes, baselineBytes, fraction: bytes / baselineBytes }
}

const v2 = publishedShape('V2')
const v67 = publishedShape('DeepSeek-67B')

/**
 * “93.3 %”: V2 as deployed, with its cache in 6 bits, against DeepSeek 67B in 16 bits; then with 16 bits on
 * both sides; then against standard attention with V2's own heads.
 */
export const v2Against67B = compare([v2, 'latent', '6-bit'], [v67, 'own', 'f16'])
export const v2Against67BEqual = compare([v2, 'latent', 'f16'], [v67, 'own', 'f16'])
export const v2AgainstItself = compare([v2, 'latent', 'f16'], [v2, 'standard', 'f16'])

/**
 * The like-for-like table of the V2 paper, in cached numbers per token: two pairs of models, each trained
 * with both kinds of attention.
 */
export const smallPair = compareElements(publishedShape('V2-Lite'), publishedShape('V2-Lite'))
export const largePair = compareElements(v2, { ...v2, heads: 56 })

function compareElements(latent: AttentionShape, standard: AttentionShape) {
  const elements = latent.layers * kvCostOf(latent, 'latent', 'f16').elements
  const against = standard.layers * kvCostOf(standard, 'paper', 'f16').elements
  return { elements, against, fraction: elements / against }
}

export interface LatentFraction {
  readonly name: string
  readonly title: string
  readonly heads: number
  /**
   * Latent cache / cache of all heads: with the model's own key and value widths, and as 2 · heads · head.
   */
  readonly ownWidths: number
  readonly paperWidths: number
}

/** Latent cache / standard cache, for each published model with latent attention. */
export const LATENT_FRACTIONS: readonly LatentFraction[] = PUBLISHED_SHAPES.filter(
  ({ shape }) => shape.latent > 0,
).map(
  ({ name, title, shape }): LatentFraction => ({
    name,
    title,
    heads: shape.heads,
    ownWidths: latentFractionOf(shape, 'standard'),
    paperWidths: latentFractionOf(shape, 'paper'),
  }),
)

/** The claim “5 to 13 %” as fractions. */
export const CLAIMED_RANGE = { min: 0.05, max: 0.13 } as const

/**
 * The range of head counts for which a DeepSeek-shaped cache (latent 512 + 64, heads of 128 + 64 and 128) is
 * within the claim.
 */
export function headCountsWithinClaim(layout: 'standard' | 'paper'): {
  readonly min: number
  readonly max: number
} {
  const oneHead = latentFractionOf({ ...publishedShape('V3'), heads: 1 }, layout)
  return { min: Math.ceil(oneHead / CLAIMED_RANGE.max), max: Math.floor(oneHead / CLAIMED_RANGE.min) }
}

export const withinClaim = (fraction: number): boolean =>
  fraction >= CLAIMED_RANGE.min && fraction <= CLAIMED_RANGE.max

/** Latent cache / cache in `layout`, both in f16. */
export function latentFractionOf(shape: AttentionShape, layout: CalculatorLayout): number {
  return compare([shape, 'latent', 'f16'], [shape, layout, 'f16']).fraction
}

/** V3's cache against that of a dense GQA model of the same time. */
export const v3AgainstLlama = compare(
  [publishedShape('V3'), 'latent', 'f16'],
  [publishedShape('Llama-3-70B'), 'own', 'f16'],
)

export const layersOf = (name: PublishedName): number => publishedShape(name).layers

/** Width that the papers count for each key and each value. */
export const PAPER_HEAD_DIM = publishedShape('V3').head

/** GQA groups whose cache is as large as a latent: 2.25 in the V2 paper. */
export const EQUAL_GROUPS = (() => {
  const { latent, rope, head } = publishedShape('V3')
  return (latent + rope) / (2 * head)
})()
