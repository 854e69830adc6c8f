// Inputs of the KV cache calculator: attention shape, precisions, context.
import { type AttentionShape, CACHE_PRECISIONS, type CachePrecision } from './kv-formula.ts'
import { PUBLISHED_SHAPES, type PublishedName, publishedShape } from './published-shapes.ts'

export interface CalculatorInputs {
  readonly model: PublishedName
  readonly shape: AttentionShape
  /** Of the model's own cache layout, and of the layouts shown beside it. */
  readonly ownPrecision: CachePrecision
  readonly otherPrecision: CachePrecision
  readonly context: number
}

export const MAX_CONTEXT_TOKENS = 1 << 20

/** Labels and upper bounds of the numbers that the reader can change. */
export const SHAPE_FIELDS: Readonly<
  Record<keyof AttentionShape, { readonly label: string; readonly max: number }>
> = {
  layers: { label: 'Layers', max: 1024 },
  heads: { label: 'Heads', max: 1024 },
  kvHeads: { label: 'KV heads', max: 1024 },
  latent: { label: 'Latent rank', max: 16_384 },
  nope: { label: 'Key, not rotated (nope)', max: 4096 },
  rope: { label: 'Key, rotated (rope)', max: 4096 },
  value: { label: 'Value', max: 4096 },
  head: { label: 'Head, as papers count', max: 4096 },
}

/** Zero is allowed for a model without a latent (GQA) and for a key that is rotated as a whole. */
export const minOf = (field: keyof AttentionShape): number => (field === 'latent' || field === 'nope' ? 0 : 1)

/** Inputs with the shape of a published model; precisions and context are taken from `before`. */
export function calculatorInputsFor(model: PublishedName, before?: CalculatorInputs): CalculatorInputs {
  return {
    model,
    shape: publishedShape(model),
    ownPrecision: before?.ownPrecision ?? 'f16',
    otherPrecision: before?.otherPrecision ?? 'f16',
    context: before?.context ?? 32_768,
  }
}

export function differsFromPublished({ model, shape }: CalculatorInputs): boolean {
  const published = publishedShape(model)
  return SHAPE_FIELD_NAMES.some((field) => shape[field] !== published[field])
}

export const SHAPE_FIELD_NAMES = Object.keys(SHAPE_FIELDS) as (keyof AttentionShape)[]

export function isPrecision(text: string): text is CachePrecision {
  return (CACHE_PRECISIONS as readonly string[]).includes(text)
}

export function isPublishedName(text: string): text is PublishedName {
  return PUBLISHED_SHAPES.some(({ name }) => name === text)
}
