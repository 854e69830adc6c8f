// Names and shapes of a model's tensors in its checkpoint. Nothing else in Hadal knows checkpoint names.
import { assertNever } from '../lib/error.ts'
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
  readonly halves?: SplitKv // MLX's newer files store these instead
}

/** kv_b_proj as two stacks with one matrix per head: keys transposed [latent, nope], values [v, latent]. */
export interface SplitKv {
  readonly heads: number
  readonly keys: string // module
  readonly keyRows: number // qk_nope_head_dim
  readonly values: string // module
  readonly valueRows: number // v_head_dim
}

/** Matrices of equal width that are stacked by rows, or vectors that are concatenated. */
export type TensorStack = readonly NamedTensor[]

export interface ExpertBankTensors {
  readonly routed: readonly TensorStack[] // one per expert
  readonly shared: TensorStack | undefined
}

export type NamedModelTensors = ModelTensors<TensorStack, TensorStack, ExpertBankTensors>

/** What families call the same tensors. */
const NAMES = {
  llama: {
    embedding: 'embed_tokens',
    attention: 'self_attn',
    qkv: ['q_proj', 'k_proj', 'v_proj'],
    oProj: 'o_proj',
    qNorm: 'q_norm',
    kNorm: 'k_norm',
    correctionBias: 'e_score_correction_bias',
  },
  ling: {
    embedding: 'word_embeddings',
    attention: 'attention',
    qkv: ['query_key_value'],
    oProj: 'dense',
    qNorm: 'query_layernorm',
    kNorm: 'key_layernorm',
    correctionBias: 'expert_bias',
  },
} as const

/** The tensors of a model under their checkpoint names. */
export function tensorNames(spec: ModelSpec): NamedModelTensors {
  const { hiddenSize, vocabSize } = spec
  const tensor = (name: string, ...shape: number[]): NamedTensor => ({ name: `${name}.weight`, shape })
  return {
    embedding: [tensor(embeddingOf(spec), vocabSize, hiddenSize)],
    layers: spec.layers.map((layer, index) => layerNames(spec, layer, `model.layers.${index}`)),
    finalNorm: [tensor('model.norm', hiddenSize)],
    lmHead: spec.tieWordEmbeddings || spec.headless ? undefined : [tensor('lm_head', vocabSize, hiddenSize)],
    ...(spec.draft && { draft: draftNames(spec, spec.draft) }),
  }
}

const PREFIX = 'model.'
const FIRST_LAYER = 'layers.0.input_layernorm.weight'
const EMBEDDINGS = Object.values(NAMES).map(({ embedding }) => `${embedding}.weight`)

/**
 * What precedes `layers.0.` in a checkpoint's names: `model.` in most, more in wrappers of it
 * (`language_model.model.`) and in files of some tools (`_orig_mod.model.`), nothing in a bare decoder.
 */
export function findPrefix(names: Iterable<string>): string {
  const [layers, embeddings] = [new Set<string>(), new Set<string>()]
  for (const name of names) {
    if (name.endsWith(FIRST_LAYER)) layers.add(name.slice(0, -FIRST_LAYER.length))
    const embedding = EMBEDDINGS.find((end) => name.endsWith(end))
    if (embedding) embeddings.add(name.slice(0, -embedding.length))
  }
  // Drafts and towers may have such layers too, but hardly an embedding beside them.
  const withEmbedding = [...layers].filter((prefix) => embeddings.has(prefix))
  const found = [...withEmbedding, ...layers, ...embeddings]
  return layers.has(PREFIX) ? PREFIX : (found[0] ?? PREFIX)
}

/** Module of the embedding. */
export const embeddingOf = ({ naming }: Pick<ModelSpec, 'naming'>): string =>
  `${PREFIX}${NAMES[naming].embedding}`

/** MLX has Ling's router one module deeper. */
const DEEP_ROUTER = /(?<=^model\.layers\.\d{1,4}\.mlp\.gate)\.gate_proj(?=\.)/

/** The module of MLX's tree for a matrix of a model that is not in a stack. */
export const mlxModule = ({ naming }: Pick<ModelSpec, 'naming'>, module: string): string =>
  naming === 'ling' ? module.replace(/\.mlp\.gate$/, '$&.gate_proj') : module

/**
 * The name that `tensorNames` has for a stored name; undefined for tensors outside the language model. The
 * output head may stand anywhere above the layers.
 */
export function canonicalName(prefix: string, name: string): string | undefined {
  const head = name.startsWith('lm_head.') ? 0 : name.indexOf('.lm_head.') + 1
  const isHead = name.startsWith('lm_head.', head) && prefix.startsWith(name.slice(0, head))
  if (isHead) return name.slice(head)
  if (!name.startsWith(prefix)) return undefined
  return `${PREFIX}${name.slice(prefix.length)}`.replace(DEEP_ROUTER, '')
}

/** Whether a name belongs to the draft layers (MTP), which are loaded only for speculative decoding. */
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
  const add = (stack: TensorStack) => void tensors.push(...stack)
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

type LayerNames = LayerTensors<TensorStack, TensorStack, ExpertBankTensors>

function layerNames(spec: ModelSpec, layer: DenseLayer | MoeLayer, prefix: string): LayerNames {
  return {
    attention: attentionNames(spec, prefix),
    feedForward: feedForwardNames(spec, layer, prefix),
  }
}

/** The copies of embedding and head that some checkpoints have in their draft layer are not read. */
function draftNames(spec: ModelSpec, layer: DenseLayer | MoeLayer): NonNullable<NamedModelTensors['draft']> {
  const { hiddenSize, layers } = spec
  const prefix = `model.layers.${layers.length}`
  const tensor = (name: string, ...shape: number[]) => [{ name: `${prefix}.${name}.weight`, shape }]
  return {
    ...layerNames(spec, layer, prefix),
    embeddingNorm: tensor('enorm', hiddenSize),
    hiddenNorm: tensor('hnorm', hiddenSize),
    ehProj: tensor('eh_proj', hiddenSize, 2 * hiddenSize),
    headNorm: tensor('shared_head.norm', hiddenSize),
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
    kvB: [
      {
        ...tensor('kv_b_proj', heads * (qkNopeDim + vHeadDim), kvLoraRank),
        halves: {
          heads,
          keys: `${prefix}.self_attn.embed_q`,
          keyRows: qkNopeDim,
          values: `${prefix}.self_attn.unembed_out`,
          valueRows: vHeadDim,
        },
      },
    ],
    oProj: [tensor('o_proj', spec.hiddenSize, heads * vHeadDim)],
  }
}

function gqaNames(
  spec: ModelSpec,
  attention: GqaAttention,
  prefix: string,
): GqaTensors<TensorStack, TensorStack> {
  const { heads, kvHeads, qkHeadDim, vHeadDim, qkvBias, qkNorm } = attention
  const names = NAMES[spec.naming]
  const tensor = (name: string, ...shape: number[]) => ({
    name: `${prefix}.${names.attention}.${name}`,
    shape,
  })
  const rows = [heads * qkHeadDim, kvHeads * qkHeadDim, kvHeads * vHeadDim]
  const together = rows.reduce((sum, count) => sum + count)
  const projections = names.qkv.map((name, index, { length }): [name: string, rows: number] => [
    name,
    length === 1 ? together : (rows[index] ?? 0),
  ])
  return {
    kind: 'grouped',
    inputNorm: inputNorm(spec, prefix),
    qkv: projections.map(([name, rows]) => tensor(`${name}.weight`, rows, spec.hiddenSize)),
    qkvBias: qkvBias ? projections.map(([name, rows]) => tensor(`${name}.bias`, rows)) : undefined,
    qNorm: qkNorm ? [tensor(`${names.qNorm}.weight`, qkHeadDim)] : undefined,
    kNorm: qkNorm ? [tensor(`${names.kNorm}.weight`, qkHeadDim)] : undefined,
    oProj: [tensor(`${names.oProj}.weight`, spec.hiddenSize, heads * vHeadDim)],
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
      ? [{ name: `${mlp}.gate.${NAMES[spec.naming].correctionBias}`, shape: [layer.experts] }]
      : undefined,
    gateUp: bank(upNames),
    down: bank(downNames),
    shared: undefined,
  }
}
