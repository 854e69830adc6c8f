// Plans the files of a folder in MLX's layout: names, types, shapes and places of tensors, and the config.
import { isJsonObject } from '../../lib/json.ts'
import type { ModelSpec } from '../../models/spec.ts'
import { SCHEMES } from '../../models/stored-names.ts'
import { expectDtype, VECTOR_DTYPES } from '../../weights/matrix-writer.ts'
import { type Dtype, tensorBytes } from '../../weights/safetensors.ts'
import {
  layOutShard,
  type ShardLayout,
  type ShardTensor,
  shardIndex,
  shardName,
} from '../../weights/shards.ts'
import {
  countWeights,
  isSymmetric,
  type MlxForm,
  type MlxModule,
  type MlxTensors,
  type MlxVector,
} from './mlx-modules.ts'

/** The tensors of a module; floats have a weight only. */
export interface ModuleTensors {
  readonly module: MlxModule
  readonly weight: ShardTensor
  readonly scales?: ShardTensor
  readonly biases?: ShardTensor
}

export interface VectorTensor {
  readonly vector: MlxVector
  readonly tensor: ShardTensor
}

/** A file of weights and what is in it. */
export interface MlxShard extends ShardLayout {
  readonly modules: readonly ModuleTensors[]
  readonly vectors: readonly VectorTensor[]
}

/** Files of weights are balanced between half of this and this size. */
const MAX_SHARD_BYTES = 1.9e9

/** Splits modules and vectors over files. The tensors of a module lie in one file. */
export function planMlxShards(
  { modules, vectors }: MlxTensors,
  maxShardBytes = MAX_SHARD_BYTES,
): readonly MlxShard[] {
  const units = [
    ...modules.map((module) => ({ modules: [tensorsOf(module)], vectors: [] })),
    ...vectors.map((vector) => ({ modules: [], vectors: [{ vector, tensor: tensorOf(vector) }] })),
  ]
  const bytesOf = (unit: (typeof units)[number]) =>
    shardTensorsOf(unit).reduce((sum, { bytes }) => sum + bytes, 0)
  const totalBytes = units.reduce((sum, unit) => sum + bytesOf(unit), 0)
  const count = Math.max(1, Math.ceil(totalBytes / maxShardBytes))
  const groups = Array.from({ length: count }, (): (typeof units)[number][] => [])
  let start = 0
  for (const unit of units) {
    groups[Math.min(count - 1, Math.floor((start * count) / totalBytes))]?.push(unit)
    start += bytesOf(unit)
  }
  const filled = groups.filter((group) => group.length > 0)
  return filled.map((group, index) => {
    const content = {
      modules: group.flatMap((unit) => unit.modules),
      vectors: group.flatMap((unit) => unit.vectors),
    }
    return { ...content, ...layOutShard(shardName(index, filled.length), shardTensorsOf(content), 'mlx') }
  })
}

const shardTensorsOf = ({ modules, vectors }: Pick<MlxShard, 'modules' | 'vectors'>): ShardTensor[] => [
  ...modules.flatMap(({ weight, scales, biases }) => [weight, ...(scales && biases ? [scales, biases] : [])]),
  ...vectors.map(({ tensor }) => tensor),
]

function tensorsOf(module: MlxModule): ModuleTensors {
  const { path, members, isStack, form } = module
  const { rows = 0, cols = 0 } = members[0]?.matrix.storedLayout ?? {}
  const tensor = (part: string, dtype: Dtype, width: number): ShardTensor => {
    const shape = isStack ? [members.length, rows, width] : [rows, width]
    return { name: `${path}.${part}`, dtype, shape, bytes: tensorBytes(dtype, shape) }
  }
  const { dtype, codes } = form
  if (!codes) return { module, weight: tensor(SCHEMES.mlx.codes, dtype, cols) }
  const groups = cols / codes.groupSize
  return {
    module,
    weight: tensor(SCHEMES.mlx.codes, 'U32', (cols * codes.bits) / 32),
    scales: tensor(SCHEMES.mlx.scales, dtype, groups),
    biases: tensor(SCHEMES.mlx.offsets, dtype, groups),
  }
}

function tensorOf({ name, entry }: MlxVector): ShardTensor {
  const stored = expectDtype(entry, VECTOR_DTYPES)
  const dtype = stored === 'F64' ? 'F32' : stored
  return { name, dtype, shape: entry.shape, bytes: tensorBytes(dtype, entry.shape) }
}

/** model.safetensors.index.json, as mlx-lm writes it for one file too. */
export function mlxIndex(shards: readonly MlxShard[]): unknown {
  const { metadata, weight_map } = shardIndex(shards)
  const matrices = shards.flatMap(({ modules }) => modules.map(({ module }) => countWeights(module)))
  const weights = matrices.reduce((sum, count) => sum + count, 0)
  const others = shards.flatMap(({ vectors }) => vectors.map(({ tensor }) => tensor.shape[0] ?? 0))
  return {
    metadata: { ...metadata, total_parameters: others.reduce((sum, length) => sum + length, weights) },
    weight_map: Object.fromEntries(Object.entries(weight_map).sort()),
  }
}

/**
 * Families whose kv_b_proj newer releases of mlx-lm split, as they load it, into modules that they quantize
 * in the same way.
 */
const SPLIT_KV = ['deepseek_v3', 'kimi_k2', 'glm4_moe_lite']

/** Keys that mlx-lm leaves out. */
const DROPPED = ['_name_or_path', 'vision_config', 'quantization', 'quantization_config']

/**
 * config.json: the original's keys, sorted, with the most frequent bits and group size, and those of each
 * module that has others, as `quantization` and again as `quantization_config`. `symmetric` tells Hadal that
 * it needs no offsets; other programs do not look for it.
 */
export function mlxConfig(
  config: unknown,
  { family }: ModelSpec,
  { modules }: MlxTensors,
): Readonly<Record<string, unknown>> {
  const weights = new Map<string, number>()
  const textOf = ({ codes }: MlxForm) => codes && JSON.stringify(parametersOf(codes))
  for (const module of modules) {
    const text = textOf(module.form)
    if (text) weights.set(text, (weights.get(text) ?? 0) + countWeights(module))
  }
  const [most] = [...weights].sort(([, a], [, b]) => b - a)
  const original = Object.entries(isJsonObject(config) ? config : {}).filter(
    ([key]) => !DROPPED.includes(key),
  )
  if (!most) return Object.fromEntries(original.sort(byKey))
  const [common] = most
  const others = modules.flatMap(({ path, form }) => {
    if (!form.codes || textOf(form) === common) return []
    const { codes } = form
    return [path, ...splitNames(family, path)].map((name) => [name, parametersOf(codes)] as const)
  })
  const symmetric = modules.every(isSymmetric) && { symmetric: true }
  const quantization = { ...JSON.parse(common), ...symmetric, ...Object.fromEntries(others) }
  const own = Object.entries({ quantization, quantization_config: quantization })
  return Object.fromEntries([...original, ...own].sort(byKey))
}

const splitNames = (family: string, path: string): readonly string[] =>
  SPLIT_KV.includes(family) && path.endsWith('.kv_b_proj')
    ? ['embed_q', 'unembed_out'].map((name) => path.replace(/kv_b_proj$/, name))
    : []

const parametersOf = ({ bits, groupSize }: NonNullable<MlxForm['codes']>) => ({
  group_size: groupSize,
  bits,
  mode: 'affine',
})

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1)
