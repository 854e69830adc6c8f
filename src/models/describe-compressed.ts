// Reads the schemes of a compressed-tensors config: integers or FP8, and what shares a scale.
// Its patterns of module names are not evaluated: what is stored tells which matrices have which scheme.
import { isJsonObject } from '../lib/json.ts'
import type { ConfigFields } from './config-fields.ts'
import { describeBlock, describeGroupSize, QUANTIZATION_HINT } from './quantization-fields.ts'
import type { CompressedScheme, StoredQuantization } from './spec.ts'

/** `format` of the whole model or of a group, with the types of weights that it holds. */
const FORMATS: Readonly<Record<string, readonly CompressedScheme['type'][]>> = {
  'pack-quantized': ['int'],
  'int-quantized': ['int'],
  'float-quantized': ['float'],
  'naive-quantized': ['int', 'float'],
}
const FORMAT_NAMES = Object.keys(FORMATS)
const MIXED = 'mixed-precision'

const integer = (bits: number, groupSize: number | undefined, symmetric = true): CompressedScheme => ({
  type: 'int',
  bits,
  groupSize,
  symmetric,
  block: undefined,
})
const float = (block?: CompressedScheme['block']): CompressedScheme => ({
  type: 'float',
  bits: 8,
  groupSize: undefined,
  symmetric: true,
  block,
})

/** A group may be a list of targets under one of these names instead of an object. W8A16 was by row once. */
const PRESETS: ReadonlyMap<string, readonly CompressedScheme[]> = new Map([
  ['UNQUANTIZED', []],
  ['W8A16', [integer(8, 128), integer(8, undefined)]],
  ['W4A16', [integer(4, 128)]],
  ['W4A16_ASYM', [integer(4, 128, false)]],
  ['W8A8', [integer(8, undefined)]],
  ['INT8', [integer(8, undefined)]],
  ['W4A8', [integer(4, 128)]],
  ['W4AFP8', [integer(4, 128)]],
  ['FP8', [float()]],
  ['FP8_DYNAMIC', [float()]],
  ['FP8_BLOCK', [float({ rows: 128, cols: 128 })]],
])

/** How activations are quantised elsewhere, and notes about the making. */
const NOTES = ['global_compression_ratio', 'kv_cache_scheme', 'version', 'quantization_status']

/** Every matrix is compared with all of them. */
const MAX_SCHEMES = 64

/** Throws `unsupported` for what is not read, naming the key. */
export function describeCompressed(fields: ConfigFields): StoredQuantization {
  const format = fields.choice('format', [...FORMAT_NAMES, MIXED, 'dense'], 'dense', QUANTIZATION_HINT)
  fields.choice('quantization_status', ['compressed', 'frozen'], 'compressed', QUANTIZATION_HINT)
  const sparsity = fields.object('sparsity_config')
  sparsity?.choice('format', ['dense'], 'dense', QUANTIZATION_HINT)
  sparsity?.ignore(...sparsity.keys())
  if ((fields.object('transform_config')?.keys() ?? []).length > 0)
    throw fields.unsupported('transform_config', QUANTIZATION_HINT)
  fields.ignore(...NOTES)
  const groups = fields.requiredObject('config_groups')
  const named = groups.keys().flatMap((name) => describeGroup(groups, name, format))
  const schemes = [...new Map(named.map((scheme) => [JSON.stringify(scheme), scheme])).values()]
  if (schemes.length > MAX_SCHEMES)
    throw fields.error('config_groups', `must have at most ${MAX_SCHEMES} different schemes`, schemes.length)
  // The scales of blocks do not tell which blocks they are of.
  if (schemes.filter(({ block }) => block).length > 1)
    throw fields.unsupported('config_groups', QUANTIZATION_HINT)
  return { method: 'compressed-tensors', schemes, ignored: describeIgnored(fields) }
}

function describeGroup(groups: ConfigFields, name: string, format: string): readonly CompressedScheme[] {
  if (!isJsonObject(groups.get(name))) {
    const preset = PRESETS.get(name.toUpperCase())
    if (!preset) throw groups.unsupported(name, QUANTIZATION_HINT)
    groups.list(name)
    return preset
  }
  const group = groups.requiredObject(name)
  group.ignore('targets', 'input_activations', 'output_activations')
  const weights = group.object('weights')
  const ownFormat = group.choice('format', FORMAT_NAMES, format, QUANTIZATION_HINT)
  return weights ? [describeWeights(weights, FORMATS[ownFormat] ?? ['int', 'float'])] : []
}

const WEIGHT_NOTES = ['observer', 'observer_kwargs', 'scale_dtype', 'zp_dtype', 'targets']

function describeWeights(
  weights: ConfigFields,
  types: readonly CompressedScheme['type'][],
): CompressedScheme {
  const type = weights.choice('type', types, types[0], QUANTIZATION_HINT)
  weights.ignore(...WEIGHT_NOTES)
  if (weights.flag('dynamic', false)) throw weights.unsupported('dynamic', QUANTIZATION_HINT)
  // Any other order of columns mixes the scales of a group.
  const ordered = weights.has('actorder') && weights.get('actorder') !== false
  if (ordered) weights.choice('actorder', ['weight', 'static'], undefined, QUANTIZATION_HINT)
  const bits = weights.choice('num_bits', type === 'int' ? [4, 8] : [8], undefined, QUANTIZATION_HINT)
  const symmetric = weights.flag('symmetric', true)
  if (type === 'float' && !symmetric) throw weights.unsupported('symmetric', QUANTIZATION_HINT)
  const grouped = weights.has('group_size') ? describeGroupSize(weights, 'group_size') : undefined
  const guess = grouped ? 'group' : weights.get('group_size') === -1 ? 'channel' : 'tensor'
  const strategies = type === 'int' ? ['channel', 'group', 'tensor'] : ['tensor', 'channel', 'block']
  const strategy = weights.choice('strategy', strategies, guess, QUANTIZATION_HINT)
  const groupSize = strategy === 'group' ? describeGroupSize(weights, 'group_size') : undefined
  const structure = describeBlock(weights, 'block_structure')
  const block = strategy === 'block' ? structure : undefined
  if (strategy === 'block' && !block)
    throw weights.error('block_structure', 'must be there if the strategy is "block"', undefined)
  return { type, bits, groupSize, symmetric, block }
}

const MAX_IGNORED = 100_000

/** Names without patterns (`re:`) and classes, which are not evaluated. */
function describeIgnored(fields: ConfigFields): ReadonlySet<string> {
  if (!fields.has('ignore')) return new Set()
  const names = fields.list('ignore', MAX_IGNORED).filter((name) => typeof name === 'string')
  return new Set(names.filter((name) => !name.startsWith('re:')))
}
