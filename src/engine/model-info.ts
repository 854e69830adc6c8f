// Describes a loaded model as plain data: sizes, parameter counts, KV bytes per token.
import { kvBytesPerToken } from '../models/cache-layout.ts'
import type { ModelSpec, MoeLayer } from '../models/spec.ts'
import { type TensorStack, tensorNames } from '../models/tensor-names.ts'
import { type MatrixRole, mapTensors } from '../models/tensors.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import { elementsOf } from '../weights/safetensors.ts'
import type { Runtime } from './run/runtime.ts'
import type { ModelInfo } from './types.ts'

export function modelInfo(
  runtime: Runtime,
  checkpoint: Checkpoint,
  adapter: string,
  rest: Pick<ModelInfo, 'thinking' | 'quantize' | 'variants' | 'notices' | 'config'>,
): ModelInfo {
  const { spec, options } = runtime
  const mixture = firstMoeLayer(spec)
  const kv = kvBytesPerToken(spec, options.cache)
  return {
    name: modelName(checkpoint),
    architecture: spec.family,
    ...countParameters(spec),
    layers: spec.layers.length,
    hidden: spec.hiddenSize,
    attention: spec.attention.kind,
    heads: spec.attention.heads,
    experts: mixture?.experts ?? 0,
    activeExperts: mixture?.expertsPerToken ?? 0,
    vocab: spec.vocabSize,
    prefillChunk: options.prefillChunk,
    contextLength: Math.min(options.contextLength, runtime.cache.maxTokens),
    kvBytesPerToken: kv.kept,
    standardKvBytesPerToken: kv.standard,
    adapter,
    ...rest,
  }
}

/** The model's name: the last component of its folder's path. */
export const modelName = ({ source }: Checkpoint): string =>
  source.name.replace(/\/+$/, '').split('/').pop() ?? ''

export const firstMoeLayer = (spec: ModelSpec): MoeLayer | undefined =>
  spec.layers.find((layer) => layer.kind === 'mixture')

/**
 * Counts parameters, without draft layers and scales. Active parameters are those multiplied for one token:
 * no embedding (unless the head is tied to it), and only the chosen routed experts.
 */
export function countParameters(spec: ModelSpec): { parameters: number; activeParameters: number } {
  const sizeOf = (stack: TensorStack) => stack.reduce((sum, { shape }) => sum + elementsOf(shape), 0)
  const expertsPerToken = firstMoeLayer(spec)?.expertsPerToken ?? 0
  let parameters = 0
  let active = 0
  const count = (stack: TensorStack, role?: MatrixRole) => {
    const size = sizeOf(stack)
    parameters += size
    if (role !== 'embedding' || spec.tieWordEmbeddings) active += size
  }
  const { draft: _, ...main } = spec
  mapTensors(tensorNames(main), {
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
export function countStoredParameters({ tensors }: Checkpoint): number {
  const weights = [...tensors.values()].filter(({ name }) => !/_(scale_inv|groups)$/.test(name))
  return weights.reduce((sum, { shape }) => sum + elementsOf(shape), 0)
}
