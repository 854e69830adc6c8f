// Names and shapes of a model's tensors in its checkpoint. Nothing else in Hadal knows checkpoint names.
import { quote } from '../lib/bytes.ts'
import { assertNever, HadalError } from '../lib/error.ts'
import type { Dense, GroupedAttention, LatentAttention, Mixture, ModelSpec } from './spec.ts'
import {
  type GroupedTensors,
  type LatentTensors,
  type LayerTensors,
  type MixtureTensors,
  type ModelTensors,
  mapTensors,
} from './tensors.ts'

export interface StoredTensor {
  readonly name: string
  readonly shape: readonly number[]
}

/** Matrices of equal width that are stacked by rows, or vectors that are concatenated. */
export type StoredStack = readonly StoredTensor[]

export interface StoredBank {
  readonly routed: readonly StoredStack[] // one per expert
  readonly shared: StoredStack | undefined
}

export type StoredModel = ModelTensors<StoredStack, StoredStack, StoredBank>

/** The tensors of a model under their checkpoint names. */
export function namesOf(spec: ModelSpec): StoredModel {
  const { hidden, vocab } = spec
  const tensor = (name: string, ...shape: number[]): StoredTensor => ({ name: `${name}.weight`, shape })
  return {
    embedding: [tensor('model.embed_tokens', vocab, hidden)],
    layers: spec.layers.map((layer, index) => layerNames(spec, layer, `model.layers.${index}`)),
    norm: [tensor('model.norm', hidden)],
    head: spec.tiedHead ? undefined : [tensor('lm_head', vocab, hidden)],
  }
}

/** The name of the block scales of an FP8 matrix. */
export const scaleName = (name: string): string => `${name}_scale_inv`

/** The name of the scales of a matrix that Hadal packed. */
export const groupsName = (name: string): string => `${name}_groups`

/** Whether a name belongs to the multi-token-prediction (MTP) layers, which are recognised and not loaded. */
export function isDraftTensor(spec: ModelSpec, name: string): boolean {
  const layer = /^model\.layers\.(\d+)\./.exec(name)?.[1]
  return (
    layer !== undefined &&
    Number(layer) >= spec.layers.length &&
    Number(layer) < spec.layers.length + spec.drafts
  )
}

/** Every tensor of a model, in layer order. */
export function storedTensors(spec: ModelSpec): StoredTensor[] {
  const tensors: StoredTensor[] = []
  const add = (stack: StoredStack) => {
    for (const tensor of stack) tensors.push(tensor)
  }
  mapTensors(namesOf(spec), {
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
  const expected = new Set(storedTensors(spec).map(({ name }) => name))
  for (const [name, { file }] of tensors) {
    if (expected.has(name) || isDraftTensor(spec, name) || isUnused(spec, expected, name)) continue
    const weight = scaledWeight(name)
    if (expected.has(weight) && tensors.get(weight)?.dtype === 'F8_E4M3') continue
    throw new HadalError('bad_file', `${file}: the model of config.json has no tensor ${quote(name)}.`, {
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
  if (spec.tiedHead && name === 'lm_head.weight') return true
  return spec.packed && expected.has(name.replace(/_groups$/, ''))
}

type LayerNames = LayerTensors<StoredStack, StoredStack, StoredBank>

function layerNames(spec: ModelSpec, layer: Dense | Mixture, prefix: string): LayerNames {
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
  layer: Dense | Mixture,
  prefix: string,
): LayerNames['feedForward'] {
  const norm = [{ name: `${prefix}.post_attention_layernorm.weight`, shape: [spec.hidden] }]
  const mlp = `${prefix}.mlp`
  switch (layer.kind) {
    case 'dense': {
      const [up, down] = [upNames(spec, mlp, layer.inner), downNames(spec, mlp, layer.inner)]
      return { kind: 'dense', norm, up, down }
    }
    case 'mixture':
      return moeNames(spec, layer, mlp, norm)
    default:
      return assertNever(layer, 'feed-forward kind')
  }
}

function mlaNames(
  spec: ModelSpec,
  mla: LatentAttention,
  prefix: string,
): LatentTensors<StoredStack, StoredStack> {
  const { heads, queryRank, latent, nope, rope, value } = mla
  const tensor = (name: string, ...shape: number[]) => ({ name: `${prefix}.self_attn.${name}.weight`, shape })
  const queryRows = heads * (nope + rope)
  const hasQueryLatent = queryRank > 0
  return {
    kind: 'latent',
    norm: inputNorm(spec, prefix),
    project: [
      hasQueryLatent ? tensor('q_a_proj', queryRank, spec.hidden) : tensor('q_proj', queryRows, spec.hidden),
      tensor('kv_a_proj_with_mqa', latent + rope, spec.hidden),
    ],
    queryNorm: hasQueryLatent ? [tensor('q_a_layernorm', queryRank)] : undefined,
    query: hasQueryLatent ? [tensor('q_b_proj', queryRows, queryRank)] : undefined,
    latentNorm: [tensor('kv_a_layernorm', latent)],
    expand: [tensor('kv_b_proj', heads * (nope + value), latent)],
    output: [tensor('o_proj', spec.hidden, heads * value)],
  }
}

function gqaNames(
  spec: ModelSpec,
  attention: GroupedAttention,
  prefix: string,
): GroupedTensors<StoredStack, StoredStack> {
  const { heads, kvHeads, key, value, bias, headNorm } = attention
  const tensor = (name: string, ...shape: number[]) => ({ name: `${prefix}.self_attn.${name}`, shape })
  const projections = [
    ['q_proj', heads * key],
    ['k_proj', kvHeads * key],
    ['v_proj', kvHeads * value],
  ] as const
  return {
    kind: 'grouped',
    norm: inputNorm(spec, prefix),
    project: projections.map(([name, rows]) => tensor(`${name}.weight`, rows, spec.hidden)),
    bias: bias ? projections.map(([name, rows]) => tensor(`${name}.bias`, rows)) : undefined,
    queryNorm: headNorm ? [tensor('q_norm.weight', key)] : undefined,
    keyNorm: headNorm ? [tensor('k_norm.weight', key)] : undefined,
    output: [tensor('o_proj.weight', spec.hidden, heads * value)],
  }
}

const inputNorm = (spec: ModelSpec, prefix: string): StoredStack => [
  { name: `${prefix}.input_layernorm.weight`, shape: [spec.hidden] },
]

const upNames = (spec: ModelSpec, prefix: string, width: number): StoredStack => [
  { name: `${prefix}.gate_proj.weight`, shape: [width, spec.hidden] },
  { name: `${prefix}.up_proj.weight`, shape: [width, spec.hidden] },
]

const downNames = (spec: ModelSpec, prefix: string, width: number): StoredStack => [
  { name: `${prefix}.down_proj.weight`, shape: [spec.hidden, width] },
]

function moeNames(
  spec: ModelSpec,
  layer: Mixture,
  mlp: string,
  norm: StoredStack,
): MixtureTensors<StoredStack, StoredStack, StoredBank> {
  const bank = (names: typeof upNames): StoredBank => ({
    routed: Array.from({ length: layer.experts }, (_, expert) =>
      names(spec, `${mlp}.experts.${expert}`, layer.inner),
    ),
    shared: layer.sharedInner > 0 ? names(spec, `${mlp}.shared_experts`, layer.sharedInner) : undefined,
  })
  return {
    kind: 'mixture',
    norm,
    gate: [{ name: `${mlp}.gate.weight`, shape: [layer.experts, spec.hidden] }],
    bias: layer.bias ? [{ name: `${mlp}.gate.e_score_correction_bias`, shape: [layer.experts] }] : undefined,
    up: bank(upNames),
    down: bank(downNames),
  }
}
