// Answers: what is true of the published claims about latent attention? Their arithmetic, with the functions of the calculator.
// It must not know how it is told.
import { costOf, type Form, type Precision, type Shape } from './formula.ts'
import { PUBLISHED_SHAPES, type PublishedName, publishedShape } from './published.ts'

/** Bytes per token of the two sides of a comparison, and the first as a share of the second. */
export interface Comparison {
  readonly bytes: number
  readonly against: number
  readonly share: number
}

function compare(
  [shape, form, precision]: readonly [Shape, Form, Precision],
  [otherShape, otherForm, otherPrecision]: readonly [Shape, Form, Precision],
): Comparison {
  const bytes = costOf(shape, form, precision).bytesPerToken
  const against = costOf(otherShape, otherForm, otherPrecision).bytesPerToken
  return { bytes, against, share: bytes / against }
}

const v2 = publishedShape('V2')
const v67 = publishedShape('DeepSeek-67B')

/** “93.3 %”: V2 as deployed, its cache in 6 bits, against DeepSeek 67B in 16 bits; then in equal bits; then against its own heads. */
export const v2Against67B = compare([v2, 'latent', '6-bit'], [v67, 'own', 'f16'])
export const v2Against67BEqual = compare([v2, 'latent', 'f16'], [v67, 'own', 'f16'])
export const v2AgainstItself = compare([v2, 'latent', 'f16'], [v2, 'standard', 'f16'])

/** The paper's own like-for-like table, in numbers per token: two pairs of models, each trained with either attention. */
export const smallPair = countNumbers(publishedShape('V2-Lite'), publishedShape('V2-Lite'))
export const largePair = countNumbers(v2, { ...v2, heads: 56 })

function countNumbers(latent: Shape, standard: Shape) {
  const numbers = latent.layers * costOf(latent, 'latent', 'f16').numbers
  const against = standard.layers * costOf(standard, 'paper', 'f16').numbers
  return { numbers, against, share: numbers / against }
}

export interface ModelShare {
  readonly name: string
  readonly title: string
  readonly heads: number
  /** Latent / keys and values of all heads in their own widths, and as 2 · heads · head. */
  readonly own: number
  readonly paper: number
}

/** What latent attention leaves of standard attention's cache, for each model that has it. */
export const SHARES: readonly ModelShare[] = PUBLISHED_SHAPES.filter(({ shape }) => shape.latent > 0).map(
  ({ name, title, shape }) => ({
    name,
    title,
    heads: shape.heads,
    own: shareOf(shape, 'standard'),
    paper: shareOf(shape, 'paper'),
  }),
)

/** The claim of 5 to 13 %, and as a factor. */
export const CLAIMED = { least: 0.05, most: 0.13 } as const

/** Numbers of heads between which a DeepSeek-shaped cache (latent 512 + 64, heads of 128 + 64 and 128) is within the claim. */
export function headsWithinClaim(form: 'standard' | 'paper'): {
  readonly least: number
  readonly most: number
} {
  const one = shareOf({ ...publishedShape('V3'), heads: 1 }, form)
  return { least: Math.ceil(one / CLAIMED.most), most: Math.floor(one / CLAIMED.least) }
}

export const withinClaim = (share: number): boolean => share >= CLAIMED.least && share <= CLAIMED.most

/** What a shape's latent leaves of what `form` would keep, in equal precision. */
export function shareOf(shape: Shape, form: Form): number {
  return compare([shape, 'latent', 'f16'], [shape, form, 'f16']).share
}

/** V3's whole cache against grouped attention of a dense model of its time. */
export const v3AgainstLlama = compare(
  [publishedShape('V3'), 'latent', 'f16'],
  [publishedShape('Llama-3-70B'), 'own', 'f16'],
)

export const layersOf = (name: PublishedName): number => publishedShape(name).layers

/** The width that the papers count for each key and value. */
export const PAPER_HEAD = publishedShape('V3').head

/** How many groups of grouped attention hold as much as a latent: 2.25 in the paper. */
export const equalGroups = (() => {
  const { latent, rope, head } = publishedShape('V3')
  return (latent + rope) / (2 * head)
})()
