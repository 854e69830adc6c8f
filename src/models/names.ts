// Answers: under which names, and with which shapes, does a checkpoint store the tensors of a model? The one place where their names become ours.
// It must not know how they are read or laid out.
import { quote } from '../lib/bytes.ts'
import { HadalError } from '../lib/error.ts'
import type { Dense, GroupedAttention, LatentAttention, Mixture, ModelSpec } from './spec.ts'
import {
  type GroupedTensors,
  type LatentTensors,
  type LayerTensors,
  type ModelTensors,
  mapTensors,
} from './tensors.ts'

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

/** The tensors of a model, as the family names them. */
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

/** The block scales of an FP8 matrix. */
export const scaleName = (name: string): string => `${name}_scale_inv`

/** The scales of a packed matrix: each row has its own. */
export const groupsName = (name: string): string => `${name}_groups`

/** Names that belong to the multi-token-prediction layers: recognised, and left on disk. */
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
  const take = (stack: StoredStack) => {
    for (const tensor of stack) tensors.push(tensor)
  }
  mapTensors(namesOf(spec), {
    matrix: take,
    vector: take,
    bank({ routed, shared }) {
      for (const stack of routed) take(stack)
      if (shared) take(shared)
    },
  })
  return tensors
}

/**
 * A checkpoint holds what its config.json asks for, scales, and leftovers that are known to change nothing.
 * Throws `bad_file` naming file and tensor for any other: then the two do not belong together, or a part of the model would be left out.
 */
export function checkExtraTensors(
  spec: ModelSpec,
  tensors: ReadonlyMap<string, { readonly file: string; readonly dtype: string }>,
): void {
  const asked = new Set(storedTensors(spec).map(({ name }) => name))
  for (const [name, { file }] of tensors) {
    if (asked.has(name) || isDraftTensor(spec, name) || isLeftover(spec, asked, name)) continue
    if (asked.has(scaledBy(name)) && tensors.get(scaledBy(name))?.dtype === 'F8_E4M3') continue
    throw new HadalError('bad_file', `${file}: the model of config.json has no tensor ${quote(name)}.`, {
      file,
      tensor: name,
      hint: 'The file and config.json do not belong together, or this version does not know a part of the model.',
    })
  }
}

/** The weight that a tensor of this name is the scale of, or of whose input. Only FP8 is read with scales: beside others they would be left out. */
const scaledBy = (name: string): string =>
  name.replace(/_scale_inv$/, '').replace(/\.input_scale$/, '.weight')

/** Rotary tables that old releases stored, scales of packed weights, and the head of a model whose head is its embedding. */
function isLeftover(spec: ModelSpec, asked: ReadonlySet<string>, name: string): boolean {
  if (/^model\.(layers\.\d+\.self_attn\.)?rotary_emb\.inv_freq$/.test(name)) return true
  if (spec.tiedHead && name === 'lm_head.weight') return true
  return spec.packed && asked.has(name.replace(/_groups$/, ''))
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
