// Answers: under which names, and with which shapes, does a checkpoint store the tensors of a model? The one place where their names become ours.
// It must not know how they are read or laid out.
import type { Dense, GroupedAttention, LatentAttention, Mixture, ModelSpec } from './spec.ts'
import type { GroupedTensors, LatentTensors, LayerTensors, ModelTensors } from './tensors.ts'

export interface StoredTensor {
  readonly name: string
  readonly shape: readonly number[]
}

/** Matrices of equal width, to be laid under each other; or vectors, one after the other. */
export type StoredStack = readonly StoredTensor[]

export interface StoredBank {
  readonly routed: readonly StoredStack[] // one stack an expert
  readonly shared: StoredStack | undefined
}

export type StoredModel = ModelTensors<StoredStack, StoredStack, StoredBank>

/** The tensors of a model with latent attention, as DeepSeek-V3 names them (spec of the family, "tensor names and shapes"). */
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

/** Names that belong to the multi-token-prediction layers: recognised, and left on disk. */
export function isDraftTensor(spec: ModelSpec, name: string): boolean {
  const layer = /^model\.layers\.(\d+)\./.exec(name)?.[1]
  return (
    layer !== undefined &&
    Number(layer) >= spec.layers.length &&
    Number(layer) < spec.layers.length + spec.drafts
  )
}

type Layer = LayerTensors<StoredStack, StoredStack, StoredBank>

function layerNames(spec: ModelSpec, layer: Dense | Mixture, prefix: string): Layer {
  const norm = [{ name: `${prefix}.post_attention_layernorm.weight`, shape: [spec.hidden] }]
  const mlp = `${prefix}.mlp`
  return {
    attention:
      spec.attention.kind === 'latent'
        ? latentNames(spec, spec.attention, prefix)
        : groupedNames(spec, spec.attention, prefix),
    feedForward:
      layer.kind === 'dense'
        ? {
            kind: 'dense',
            norm,
            up: upNames(spec, mlp, layer.inner),
            down: downNames(spec, mlp, layer.inner),
          }
        : { kind: 'mixture', norm, ...mixtureNames(spec, layer, mlp) },
  }
}

function latentNames(
  spec: ModelSpec,
  mla: LatentAttention,
  prefix: string,
): LatentTensors<StoredStack, StoredStack> {
  const { heads, queryRank, latent, nope, rope, value } = mla
  const tensor = (name: string, ...shape: number[]) => ({ name: `${prefix}.self_attn.${name}.weight`, shape })
  const queries = heads * (nope + rope)
  const low = queryRank > 0
  return {
    kind: 'latent',
    norm: inputNorm(spec, prefix),
    project: [
      low ? tensor('q_a_proj', queryRank, spec.hidden) : tensor('q_proj', queries, spec.hidden),
      tensor('kv_a_proj_with_mqa', latent + rope, spec.hidden),
    ],
    queryNorm: low ? [tensor('q_a_layernorm', queryRank)] : undefined,
    query: low ? [tensor('q_b_proj', queries, queryRank)] : undefined,
    latentNorm: [tensor('kv_a_layernorm', latent)],
    expand: [tensor('kv_b_proj', heads * (nope + value), latent)],
    output: [tensor('o_proj', spec.hidden, heads * value)],
  }
}

function groupedNames(
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

const upNames = (spec: ModelSpec, prefix: string, inner: number): StoredStack => [
  { name: `${prefix}.gate_proj.weight`, shape: [inner, spec.hidden] },
  { name: `${prefix}.up_proj.weight`, shape: [inner, spec.hidden] },
]

const downNames = (spec: ModelSpec, prefix: string, inner: number): StoredStack => [
  { name: `${prefix}.down_proj.weight`, shape: [spec.hidden, inner] },
]

function mixtureNames(spec: ModelSpec, layer: Mixture, mlp: string) {
  const bank = (names: typeof upNames): StoredBank => ({
    routed: Array.from({ length: layer.experts }, (_, expert) =>
      names(spec, `${mlp}.experts.${expert}`, layer.inner),
    ),
    shared: layer.sharedInner > 0 ? names(spec, `${mlp}.shared_experts`, layer.sharedInner) : undefined,
  })
  return {
    gate: [{ name: `${mlp}.gate.weight`, shape: [layer.experts, spec.hidden] }],
    bias: layer.bias ? [{ name: `${mlp}.gate.e_score_correction_bias`, shape: [layer.experts] }] : undefined,
    up: bank(upNames),
    down: bank(downNames),
  }
}
