// Attention shapes of published models, as far as the cache size depends on them. A test compares them
// with the models' config.json.
import type { AttentionShape } from './kv-formula.ts'

export interface PublishedShape {
  readonly name: string
  /** The name shown to the reader. */
  readonly title: string
  readonly shape: AttentionShape
}

const HEAD_DIM = 128 // as DeepSeek's papers count

const mlaShape = (
  layers: number,
  heads: number,
  widths: { nope?: number; value?: number } = {},
): AttentionShape => ({
  layers,
  heads,
  kvHeads: heads,
  latent: 512,
  nope: 128,
  rope: 64,
  value: 128,
  head: HEAD_DIM,
  ...widths,
})

const gqaShape = (layers: number, heads: number, kvHeads: number): AttentionShape => ({
  layers,
  heads,
  kvHeads,
  latent: 0,
  nope: 0,
  rope: HEAD_DIM,
  value: HEAD_DIM,
  head: HEAD_DIM,
})

export const PUBLISHED_SHAPES = [
  { name: 'V2-Lite', title: 'DeepSeek-V2-Lite', shape: mlaShape(27, 16) },
  { name: 'V2', title: 'DeepSeek-V2', shape: mlaShape(60, 128) },
  { name: 'V3', title: 'DeepSeek-V3, R1', shape: mlaShape(61, 128) },
  { name: 'Moonlight', title: 'Moonlight-16B-A3B', shape: mlaShape(27, 16) },
  { name: 'Kimi-K2', title: 'Kimi K2', shape: mlaShape(61, 64) },
  { name: 'GLM-4.7-Flash', title: 'GLM-4.7-Flash', shape: mlaShape(47, 20, { nope: 192, value: 256 }) },
  { name: 'DeepSeek-67B', title: 'DeepSeek 67B (GQA)', shape: gqaShape(95, 64, 8) },
  { name: 'Llama-3-70B', title: 'Llama 3 70B (GQA)', shape: gqaShape(80, 64, 8) },
  { name: 'R1-Distill-Qwen-1.5B', title: 'R1-Distill-Qwen-1.5B (GQA)', shape: gqaShape(28, 12, 2) },
] as const satisfies readonly PublishedShape[]

export type PublishedName = (typeof PUBLISHED_SHAPES)[number]['name']

/** The attention shape of a published model. */
export function publishedShape(name: PublishedName): AttentionShape {
  const found = PUBLISHED_SHAPES.find((model) => model.name === name) ?? PUBLISHED_SHAPES[0]
  return found.shape
}
