// Describes a loaded model as plain data: sizes, parameter counts, KV bytes per token.
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

/** The model's name: the last component of its folder's path. */
export const nameOf = ({ source }: Checkpoint): string =>
  source.name.replace(/\/+$/, '').split('/').pop() ?? ''

export const mixtureOf = (spec: ModelSpec): Mixture | undefined =>
  spec.layers.find((layer) => layer.kind === 'mixture')

/**
 * Counts parameters, without draft layers and scales. Active parameters are those multiplied for one token:
 * no embedding (unless the head is tied to it), and only the chosen routed experts.
 */
export function countParameters(spec: ModelSpec): { parameters: number; activeParameters: number } {
  const sizeOf = (stack: StoredStack) => stack.reduce((sum, { shape }) => sum + elementsOf(shape), 0)
  const expertsPerToken = mixtureOf(spec)?.active ?? 0
  let parameters = 0
  let active = 0
  const count = (stack: StoredStack, role?: MatrixRole) => {
    const size = sizeOf(stack)
    parameters += size
    if (role !== 'embedding' || spec.tiedHead) active += size
  }
  mapTensors(namesOf(spec), {
    matrix: count,
    vector: (stack) => count(stack),
    bank({ routed, shared }) {
      const expert = sizeOf(routed[0] ?? [])
      parameters += expert * routed.length
      active += expert * expertsPerToken
      if (shared) count(shared)
    },
  })
  return { parameters, activeParameters: active }
}

/** Parameters in the files, those of unused tensors included. */
export function countAll({ tensors }: Checkpoint): number {
  const weights = [...tensors.values()].filter(({ name }) => !/_(scale_inv|groups)$/.test(name))
  return weights.reduce((sum, { shape }) => sum + elementsOf(shape), 0)
}

const elementsOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)
