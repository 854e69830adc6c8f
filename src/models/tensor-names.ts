// Names and shapes of a model's tensors in its checkpoint. Nothing else in Hadal knows checkpoint names.

import { assertNever, HadalError } from '../lib/error.ts'
import { quoteName } from '../lib/format.ts'
import type { DenseLayer, GqaAttention, MlaAttention, ModelSpec, MoeLayer } from './spec.ts'
import {
  type GqaTensors,
  type LayerTensors,
  type MlaTensors,
  type ModelTensors,
  type MoeTensors,
  mapTensors,
} from './tensors.ts'

export interface NamedTensor {
  readonly name: string
  readonly shape: readonly number[]
}

/** Matrices of equal width that are stacked by rows, or vectors that are concatenated. */
export type TensorStack = readonly NamedTensor[]

export interface ExpertBankTensors {
  readonly routed: readonly TensorStack[] // one per expert
  readonly shared: TensorStack | undefined
}

export type NamedModelTensors = ModelTensors<TensorStack, TensorStack, ExpertBankTensors>

/** The tensors of a model under their checkpoint names. */
export function tensorNames(spec: ModelSpec): NamedModelTensors {
  const { hiddenSize, vocabSize } = spec
  const tensor = (name: string, ...shape: number[]): NamedTensor => ({ name: `${name}.weight`, shape })
  return {
    embedding: [tensor('model.embed_tokens', vocabSize, hiddenSize)],
    layers: spec.layers.map((layer, index) => layerNames(spec, layer, `model.layers.${index}`)),
    finalNorm: [tensor('model.norm', hiddenSize)],
    lmHead: spec.tieWordEmbeddings ? undefined : [tensor('lm_head', vocabSize, hiddenSize)],
  }
}

/** The name of the block scales of an FP8 matrix. */
export const blockScalesName = (name: string): string => `${name}_scale_inv`

/** The name of the scales of a matrix that Hadal packed. */
export const groupScalesName = (name: string): string => `${name}_groups`

/** Whether a name belongs to the multi-token-prediction (MTP) layers, which are recognised and not loaded. */
export function isMtpTensor(spec: ModelSpec, name: string): boolean {
  const layer = /^model\.layers\.(\d+)\./.exec(name)?.[1]
  return (
    layer !== undefined &&
    Number(layer) >= spec.layers.length &&
    Number(layer) < spec.layers.length + spec.mtpLayers
  )
}

/** Every tensor of a model, in layer order. */
export function listTensors(spec: ModelSpec): NamedTensor[] {
  const tensors: NamedTensor[] = []
  const add = (stack: TensorStack) => {
    for (const tensor of stack) tensors.push(tensor)
  }
  mapTensors(tensorNames(spec), {
    matrix: add,
    vector: add,
    bank({ routed, shared }) {
      for (const stack of routed) add(stack)
      if (shared) add(shared)
    },
  })
  return tensors
}

/**
 * A checkpoint may hold the tensors of its config.json, their scales, and tensors that are known to be
 * unused. Throws `bad_file` naming file and tensor for any other: config and weights do not belong together,
 * or a part of the model would be left out.
 */
export function checkExtraTensors(
  spec: ModelSpec,
  tensors: ReadonlyMap<string, { readonly file: string; readonly dtype: string }>,
): void {
  const expected = new Set(listTensors(spec).map(({ name }) => name))
  for (const [name, { file }] of tensors) {
    if (expected.has(name) || isMtpTensor(spec, name) || isUnused(spec, expected, name)) continue
    const weight = scaledWeight(name)
    if (expected.has(weight) && tensors.get(weight)?.dtype === 'F8_E4M3') continue
    throw new HadalError('bad_file', `${file}: the model of config.json has no tensor ${quoteName(name)}.`, {
      file,
      tensor: name,
      hint:
        'The file and config.json do not belong together, ' +
        'or the model has a part that this version does not know.',
    })
  }
}

/**
 * The weight that a tensor of this name scales, or whose input it scales. Scales are read for FP8 weights
 * only: for any other type they would be left out.
 */
const scaledWeight = (name: string): string =>
  name.replace(/_scale_inv$/, '').replace(/\.input_scale$/, '.weight')

/** Rotary tables of old releases, scales of packed weights, and an output head beside a tied embedding. */
function isUnused(spec: ModelSpec, expected: ReadonlySet<string>, name: string): boolean {
  if (/^model\.(layers\.\d+\.self_attn\.)?rotary_emb\.inv_freq$/.test(name)) return true
  if (spec.tieWordEmbeddings && name === 'lm_head.weight') return true
  return spec.packed && expected.has(name.replace(/_groups$/, ''))
}

type LayerNames = LayerTensors<TensorStack, TensorStack, ExpertBankTensors>

function layerNames(spec: ModelSpec, layer: DenseLayer | MoeLayer, prefix: string): LayerNames {
  return {
    attention: attentionNames(spec, prefix),
    feedForward: feedForwardNames(spec, layer, prefix),
  }
}

function attentionNames(spec: ModelSpec, prefix: string): LayerNames['attention'] {
  const { attention } = spec
  switch (attention.kind) {
    case 'latent':
      return mlaNames(spec, attention, prefix)
    case 'grouped':
      return gqaNames(spec, attention, prefix)
    default:
      return assertNever(attention, 'attention kind')
  }
}

function feedForwardNames(
  spec: ModelSpec,
  layer: DenseLayer | MoeLayer,
  prefix: string,
): LayerNames['feedForward'] {
  const postAttentionNorm = [{ name: `${prefix}.post_attention_layernorm.weight`, shape: [spec.hiddenSize] }]
  const mlp = `${prefix}.mlp`
  switch (layer.kind) {
    case 'dense': {
      const [gateUp, down] = [
        upNames(spec, mlp, layer.intermediateSize),
        downNames(spec, mlp, layer.intermediateSize),
      ]
      return { kind: 'dense', postAttentionNorm, gateUp, down }
    }
    case 'mixture':
      return moeNames(spec, layer, mlp, postAttentionNorm)
    default:
      return assertNever(layer, 'feed-forward kind')
  }
}

function mlaNames(spec: ModelSpec, mla: MlaAttention, prefix: string): MlaTensors<TensorStack, TensorStack> {
  const { heads, qLoraRank, kvLoraRank, qkNopeDim, qkRopeDim, vHeadDim } = mla
  const tensor = (name: string, ...shape: number[]) => ({ name: `${prefix}.self_attn.${name}.weight`, shape })
  const queryRows = heads * (qkNopeDim + qkRopeDim)
  const hasQueryLatent = qLoraRank > 0
  return {
    kind: 'latent',
    inputNorm: inputNorm(spec, prefix),
    qkvA: [
      hasQueryLatent
        ? tensor('q_a_proj', qLoraRank, spec.hiddenSize)
        : tensor('q_proj', queryRows, spec.hiddenSize),
      tensor('kv_a_proj_with_mqa', kvLoraRank + qkRopeDim, spec.hiddenSize),
    ],
    qANorm: hasQueryLatent ? [tensor('q_a_layernorm', qLoraRank)] : undefined,
    qB: hasQueryLatent ? [tensor('q_b_proj', queryRows, qLoraRank)] : undefined,
    kvANorm: [tensor('kv_a_layernorm', kvLoraRank)],
    kvB: [tensor('kv_b_proj', heads * (qkNopeDim + vHeadDim), kvLoraRank)],
    oProj: [tensor('o_proj', spec.hiddenSize, heads * vHeadDim)],
  }
}

function gqaNames(
  spec: ModelSpec,
  attention: GqaAttention,
  prefix: string,
): GqaTensors<TensorStack, TensorStack> {
  const { heads, kvHeads, qkHeadDim, vHeadDim, qkvBias, qkNorm } = attention
  const tensor = (name: string, ...shape: number[]) => ({ name: `${prefix}.self_attn.${name}`, shape })
  const projections = [
    ['q_proj', heads * qkHeadDim],
    ['k_proj', kvHeads * qkHeadDim],
    ['v_proj', kvHeads * vHeadDim],
  ] as const
  return {
    kind: 'grouped',
    inputNorm: inputNorm(spec, prefix),
    qkv: projections.map(([name, rows]) => tensor(`${name}.weight`, rows, spec.hiddenSize)),
    qkvBias: qkvBias ? projections.map(([name, rows]) => tensor(`${name}.bias`, rows)) : undefined,
    qNorm: qkNorm ? [tensor('q_norm.weight', qkHeadDim)] : undefined,
    kNorm: qkNorm ? [tensor('k_norm.weight', qkHeadDim)] : undefined,
    oProj: [tensor('o_proj.weight', spec.hiddenSize, heads * vHeadDim)],
  }
}

const inputNorm = (spec: ModelSpec, prefix: string): TensorStack => [
  { name: `${prefix}.input_layernorm.weight`, shape: [spec.hiddenSize] },
]

const upNames = (spec: ModelSpec, prefix: string, width: number): TensorStack => [
  { name: `${prefix}.gate_proj.weight`, shape: [width, spec.hiddenSize] },
  { name: `${prefix}.up_proj.weight`, shape: [width, spec.hiddenSize] },
]

const downNames = (spec: ModelSpec, prefix: string, width: number): TensorStack => [
  { name: `${prefix}.down_proj.weight`, shape: [spec.hiddenSize, width] },
]

function moeNames(
  spec: ModelSpec,
  layer: MoeLayer,
  mlp: string,
  postAttentionNorm: TensorStack,
): MoeTensors<TensorStack, TensorStack, ExpertBankTensors> {
  const bank = (names: typeof upNames): ExpertBankTensors => ({
    routed: Array.from({ length: layer.experts }, (_, expert) =>
      names(spec, `${mlp}.experts.${expert}`, layer.intermediateSize),
    ),
    shared:
      layer.sharedIntermediateSize > 0
        ? names(spec, `${mlp}.shared_experts`, layer.sharedIntermediateSize)
        : undefined,
  })
  return {
    kind: 'mixture',
    postAttentionNorm,
    router: [{ name: `${mlp}.gate.weight`, shape: [layer.experts, spec.hiddenSize] }],
    correctionBias: layer.correctionBias
      ? [{ name: `${mlp}.gate.e_score_correction_bias`, shape: [layer.experts] }]
      : undefined,
    gateUp: bank(upNames),
    down: bank(downNames),
  }
}
