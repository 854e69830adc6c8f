// Answers: which numbers do published models have, as far as their caches depend on them? A test holds them equal to the models' own
// config.json. It must not know any formula.
import type { Shape } from './formula.ts'

export interface PublishedShape {
  readonly name: string
  /** What people call it, and what it stands for. */
  readonly title: string
  readonly shape: Shape
}

const HEAD = 128 // the width that DeepSeek's papers count with

const latent = (layers: number, heads: number, widths: { nope?: number; value?: number } = {}): Shape => ({
  layers,
  heads,
  kvHeads: heads,
  latent: 512,
  nope: 128,
  rope: 64,
  value: 128,
  head: HEAD,
  ...widths,
})

const grouped = (layers: number, heads: number, kvHeads: number): Shape => ({
  layers,
  heads,
  kvHeads,
  latent: 0,
  nope: 0,
  rope: HEAD,
  value: HEAD,
  head: HEAD,
})

export const PUBLISHED_SHAPES = [
  { name: 'V2-Lite', title: 'DeepSeek-V2-Lite', shape: latent(27, 16) },
  { name: 'V2', title: 'DeepSeek-V2', shape: latent(60, 128) },
  { name: 'V3', title: 'DeepSeek-V3, R1', shape: latent(61, 128) },
  { name: 'Moonlight', title: 'Moonlight-16B-A3B', shape: latent(27, 16) },
  { name: 'Kimi-K2', title: 'Kimi K2', shape: latent(61, 64) },
  { name: 'GLM-4.7-Flash', title: 'GLM-4.7-Flash', shape: latent(47, 20, { nope: 192, value: 256 }) },
  { name: 'DeepSeek-67B', title: 'DeepSeek 67B (GQA)', shape: grouped(95, 64, 8) },
  { name: 'Llama-3-70B', title: 'Llama 3 70B (GQA)', shape: grouped(80, 64, 8) },
  { name: 'R1-Distill-Qwen-1.5B', title: 'R1-Distill-Qwen-1.5B (GQA)', shape: grouped(28, 12, 2) },
] as const satisfies readonly PublishedShape[]

export type PublishedName = (typeof PUBLISHED_SHAPES)[number]['name']

/** The shape of a model of the list. */
export function publishedShape(name: PublishedName): Shape {
  const found = PUBLISHED_SHAPES.find((model) => model.name === name) ?? PUBLISHED_SHAPES[0]
  return found.shape
}
