// Answers: what is there to say about a loaded model? Counts from its spec and its files; plain data.
// It must not know the GPU.
import { isDraftTensor } from '../models/names.ts'
import { kvBytesPerToken, type Mixture, type ModelSpec } from '../models/spec.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import type { Runtime } from './runtime.ts'
import type { ModelInfo } from './types.ts'

export function modelInfo(
  runtime: Runtime,
  checkpoint: Checkpoint,
  adapter: string,
  thinking: boolean,
): ModelInfo {
  const { spec, options } = runtime
  const mixture = mixtureOf(spec)
  const kv = kvBytesPerToken(spec, options.cache)
  return {
    name: checkpoint.source.name.replace(/\/+$/, '').split('/').pop() ?? '',
    architecture: spec.family,
    ...countParameters(spec, checkpoint),
    layers: spec.layers.length,
    hidden: spec.hidden,
    heads: spec.attention.heads,
    experts: mixture?.experts ?? 0,
    activeExperts: mixture?.active ?? 0,
    vocab: spec.vocab,
    contextLength: Math.min(options.contextLength, runtime.cache.maxTokens),
    kvBytesPerToken: kv.kept,
    standardKvBytesPerToken: kv.standard,
    adapter,
    thinking,
  }
}

export const mixtureOf = (spec: ModelSpec): Mixture | undefined =>
  spec.layers.find((layer) => layer.kind === 'mixture')

/** Parameters in the files without draft layers and scales; active: those that one token is multiplied with (no embedding, k of the routed experts). */
export function countParameters(
  spec: ModelSpec,
  checkpoint: Checkpoint,
): { parameters: number; activeParameters: number } {
  let parameters = 0
  let active = 0
  const mixture = mixtureOf(spec)
  for (const [name, { shape }] of checkpoint.tensors) {
    if (isDraftTensor(spec, name) || name.endsWith('_scale_inv')) continue
    const size = shape.reduce((product, each) => product * each, 1)
    parameters += size
    if (name === 'model.embed_tokens.weight' && !spec.tiedHead) continue
    const routed = /\.mlp\.experts\.\d+\./.test(name)
    active += routed && mixture ? (size * mixture.active) / mixture.experts : size
  }
  return { parameters, activeParameters: Math.round(active) }
}
