// Names of the tensors that hold one stored matrix, in each way of quantising: the part after its module.
import type { StorageFormat } from '../gpu/formats.ts'
import type { ModelSpec, StoredQuantization } from './spec.ts'

/** The tensors of a matrix, by what follows `<module>.`. */
export interface SchemeNames {
  readonly codes: string
  readonly scales: string
  readonly offsets?: string // floats, added
  readonly zeros?: string // integers, subtracted from codes; absent where codes are symmetric
  readonly shape?: string // [rows, columns] of the matrix
  readonly order?: string // the group of each column
}

const WEIGHT = 'weight'

/** A matrix has the scheme if its scales are stored, and its codes unless those have the usual name. */
export const SCHEMES = {
  hadal: { codes: WEIGHT, scales: 'weight_groups' },
  hadal_a8: { codes: WEIGHT, scales: 'weight_a8_groups' }, // each scale followed by its offset
  hadal_a4: { codes: WEIGHT, scales: 'weight_a4_groups' },
  scale_inv: { codes: WEIGHT, scales: 'weight_scale_inv' },
  scale: { codes: WEIGHT, scales: 'weight_scale' },
  mlx: { codes: WEIGHT, scales: 'scales', offsets: 'biases' },
  packed: {
    codes: 'weight_packed',
    scales: 'weight_scale',
    zeros: 'weight_zero_point',
    shape: 'weight_shape',
    order: 'weight_g_idx',
  },
  transposed: { codes: 'qweight', scales: 'scales', zeros: 'qzeros', order: 'g_idx' },
} as const satisfies Record<string, SchemeNames>

export type Scheme = keyof typeof SCHEMES

/** The schemes that each method of quantising uses. */
const METHOD_SCHEMES: Readonly<Record<StoredQuantization['method'], readonly Scheme[]>> = {
  none: [],
  hadal: ['hadal', 'hadal_a8', 'hadal_a4', 'scale_inv', 'scale'],
  fp8: ['scale_inv', 'scale'],
  mlx: ['mlx'],
  'compressed-tensors': ['packed', 'scale'],
  gptq: ['transposed'],
  awq: ['transposed'],
}

/** Scales and zero points of activations: results of kernels that also quantise those. */
const OF_ACTIVATIONS = ['input_scale', 'input_zero_point', 'input_global_scale', 'output_scale']

/** The scheme of matrices that Hadal packs in a format. */
export const packedScheme = (format: StorageFormat): Scheme =>
  format === 'a8' ? 'hadal_a8' : format === 'a4' ? 'hadal_a4' : 'hadal'

/** The module of a weight, `name.weight`. */
export const moduleOf = (weight: string): string => weight.replace(/\.weight$/, '')

/** The scheme in which the matrix of a module is stored; undefined if it is not quantised. */
export const schemeOf = (
  { method }: StoredQuantization,
  tensors: { has(name: string): boolean },
  module: string,
): Scheme | undefined =>
  METHOD_SCHEMES[method].find((scheme) => {
    const { codes, scales } = SCHEMES[scheme]
    return tensors.has(`${module}.${codes === WEIGHT ? scales : codes}`)
  })

/** How the names end that only integer codes, their scales or halves of kv_b_proj have. */
const INTEGER_ENDS = [
  `.${SCHEMES.mlx.scales}`,
  `.${SCHEMES.packed.codes}`,
  `.${SCHEMES.transposed.codes}`,
  '.embed_q.weight',
]

/** Whether a folder holds integer codes of other tools, or kv_b_proj in halves. */
export function holdsIntegers(tensors: ReadonlyMap<string, { readonly dtype: string }>): boolean {
  for (const [name, { dtype }] of tensors) {
    if (INTEGER_ENDS.some((end) => name.endsWith(end))) return true
    if (dtype === 'I8' && tensors.has(`${moduleOf(name)}.${SCHEMES.scale.scales}`)) return true
  }
  return false
}

/** Names that the tensors of a module may have in its scheme, and those of its activations. */
export const companionNames = (module: string, scheme: Scheme): readonly string[] =>
  [...Object.values(SCHEMES[scheme]), ...OF_ACTIVATIONS].map((part) => `${module}.${part}`)

/** Every name that scales of a module have in some scheme. */
export const ALL_SCALES: readonly string[] = [...new Set(Object.values(SCHEMES).map(({ scales }) => scales))]

/** A stack [count, ...] of tensors: one for each expert of a layer or each head of its attention. */
export interface TensorStackName {
  readonly count: number
  readonly nameOf: (index: number) => string
}

/**
 * What a stored name stacks: the experts of `switch_mlp` under the names of single experts, and the heads of
 * `embed_q` and `unembed_out` as modules of that number. Undefined for all other names.
 */
export function stackOf({ attention, layers, draft }: StackSizes, name: string): TensorStackName | undefined {
  const [, prefix, layer, stack, rest] = STACKED.exec(name) ?? []
  if (prefix === undefined || stack === undefined || rest === undefined) return undefined
  if (stack !== 'mlp.switch_mlp.') {
    return attention.kind === 'latent'
      ? { count: attention.heads, nameOf: (head) => `${prefix}${stack}${head}.${rest}` }
      : undefined
  }
  const moe = [...layers, draft][Number(layer)]
  return moe?.kind === 'mixture'
    ? { count: moe.experts, nameOf: (expert) => `${prefix}mlp.experts.${expert}.${rest}` }
    : undefined
}

/** The module or tensor of the stack that holds one, as `stackOf` takes it apart. */
export const stackNameOf = (name: string): string =>
  withoutHead(name.replace(/\.mlp\.experts\.\d+\./, '.mlp.switch_mlp.'))

/** `embed_q` and `unembed_out` are always stored as stacks. */
export const withoutHead = (name: string): string =>
  name.replace(/(?<=\.self_attn\.(?:embed_q|unembed_out))\.\d+(?=\.|$)/, '')

type StackSizes = Pick<ModelSpec, 'attention' | 'layers' | 'draft'>

const STACKED = /^(model\.layers\.(\d{1,4})\.)(mlp\.switch_mlp\.|self_attn\.(?:embed_q|unembed_out)\.)(.+)$/
