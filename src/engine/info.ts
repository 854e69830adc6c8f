// Answers: what is there to say about a loaded model? Counts from its spec; plain data.
// It must not know the GPU.

import { kvBytesPerToken } from '../models/cache-form.ts'
import { namesOf, type StoredStack } from '../models/names.ts'
import type { Mixture, ModelSpec } from '../models/spec.ts'
import { type MatrixRole, mapTensors } from '../models/tensors.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import type { Runtime } from './runtime.ts'
import type { ModelInfo } from './types.ts'

export function modelInfo(
  runtime: Runtime,
  checkpoint: Checkpoint,
  adapter: string,
  rest: Pick<ModelInfo, 'thinking' | 'quantize' | 'variants' | 'notices'>,
): ModelInfo {
  const { spec, options } = runtime
  const mixture = mixtureOf(spec)
  const kv = kvBytesPerToken(spec, options.cache)
  return {
    name: nameOf(checkpoint),
    architecture: spec.family,
    ...countParameters(spec),
    layers: spec.layers.length,
    hidden: spec.hidden,
    attention: spec.attention.kind,
    heads: spec.attention.heads,
    experts: mixture?.experts ?? 0,
    activeExperts: mixture?.active ?? 0,
    vocab: spec.vocab,
    chunk: options.chunk,
    contextLength: Math.min(options.contextLength, runtime.cache.maxTokens),
    kvBytesPerToken: kv.kept,
    standardKvBytesPerToken: kv.standard,
    adapter,
    ...rest,
  }
}

/** What the model is called: the last part of its folder's name. */
export const nameOf = ({ source }: Checkpoint): string =>
  source.name.replace(/\/+$/, '').split('/').pop() ?? ''

export const mixtureOf = (spec: ModelSpec): Mixture | undefined =>
  spec.layers.find((layer) => layer.kind === 'mixture')

/** Parameters without draft layers and scales; active: those that one token is multiplied with (no embedding, k of the routed experts). */
export function countParameters(spec: ModelSpec): { parameters: number; activeParameters: number } {
  const sizeOf = (stack: StoredStack) => stack.reduce((sum, { shape }) => sum + elementsOf(shape), 0)
  const chosen = mixtureOf(spec)?.active ?? 0
  let parameters = 0
  let active = 0
  const take = (stack: StoredStack, role?: MatrixRole) => {
    const size = sizeOf(stack)
    parameters += size
    if (role !== 'embedding' || spec.tiedHead) active += size
  }
  mapTensors(namesOf(spec), {
    matrix: take,
    vector: (stack) => take(stack),
    bank({ routed, shared }) {
      const expert = sizeOf(routed[0] ?? [])
      parameters += expert * routed.length
      active += expert * chosen
      if (shared) take(shared)
    },
  })
  return { parameters, activeParameters: active }
}

/** Parameters in the files, whatever they are for. */
export function countAll({ tensors }: Checkpoint): number {
  const weights = [...tensors.values()].filter(({ name }) => !/_(scale_inv|groups)$/.test(name))
  return weights.reduce((sum, { shape }) => sum + elementsOf(shape), 0)
}

const elementsOf = (shape: readonly number[]): number => shape.reduce((product, each) => product * each, 1)
