// Answers: what does the reader calculate: which shape, how precisely kept, for how many tokens? It must not know the formulas.
import { PRECISIONS, type Precision, type Shape } from './formula.ts'
import { PUBLISHED_SHAPES, type PublishedName, publishedShape } from './published.ts'

export interface Calculation {
  readonly model: PublishedName
  readonly shape: Shape
  /** How the model's own cache is kept, and how the others beside it. */
  readonly own: Precision
  readonly others: Precision
  readonly context: number
}

export const LONGEST = 1 << 20

/** Numbers of a shape that can be varied, and the most that is meant seriously. */
export const VARIABLES: Readonly<Record<keyof Shape, { readonly label: string; readonly most: number }>> = {
  layers: { label: 'Layers', most: 1024 },
  heads: { label: 'Heads', most: 1024 },
  kvHeads: { label: 'KV heads', most: 1024 },
  latent: { label: 'Latent rank', most: 16_384 },
  nope: { label: 'Key, not rotated (nope)', most: 4096 },
  rope: { label: 'Key, rotated (rope)', most: 4096 },
  value: { label: 'Value', most: 4096 },
  head: { label: 'Head, as papers count', most: 4096 },
}

/** What may be zero: a model without a latent, a key that is rotated as a whole. */
export const leastOf = (variable: keyof Shape): number =>
  variable === 'latent' || variable === 'nope' ? 0 : 1

export function calculationOf(model: PublishedName, before?: Calculation): Calculation {
  return {
    model,
    shape: publishedShape(model),
    own: before?.own ?? 'f16',
    others: before?.others ?? 'f16',
    context: before?.context ?? 32_768,
  }
}

export function isVaried({ model, shape }: Calculation): boolean {
  const published = publishedShape(model)
  return variables.some((variable) => shape[variable] !== published[variable])
}

export const variables = Object.keys(VARIABLES) as (keyof Shape)[]

export function isPrecision(text: string): text is Precision {
  return (PRECISIONS as readonly string[]).includes(text)
}

export function isPublished(text: string): text is PublishedName {
  return PUBLISHED_SHAPES.some(({ name }) => name === text)
}
