// Subgroup matrices: which shapes an adapter multiplies, and how its browser spells them in WGSL.
// Draft: github.com/gpuweb/gpuweb, proposals/subgroup-matrix.md.

/** Factors of M × K and K × N numbers, multiplied by one subgroup and summed in f32. */
export interface MatrixShape {
  readonly factors: 'f32' | 'f16'
  readonly M: number
  readonly N: number
  readonly K: number
}

/** The subgroup matrices that an adapter multiplies. */
export interface SubgroupMatrices {
  /** At most one shape for each type of factors; at least one. */
  readonly shapes: readonly MatrixShape[]
  /** Whose name enables them: that of Chromium's experiment, or of the proposal. */
  readonly extension: keyof typeof EXTENSIONS
  /** How WGSL passes the majorness to loads and stores: a template argument (newer), or a boolean. */
  readonly majorness: 'template' | 'argument'
  /** The adapter's subgroups vary in size: kernels must ask for SUBGROUP_SIZE. */
  readonly variableSubgroups: boolean
}

/** A row of `GPUAdapterInfo.subgroupMatrixConfigs`. */
export interface MatrixConfig {
  readonly componentType: string
  readonly resultComponentType: string
  readonly M: number
  readonly N: number
  readonly K: number
}

/** What an adapter reports about subgroups and their matrices. */
export interface MatrixSupport {
  readonly features: ReadonlySet<string>
  readonly info: {
    readonly subgroupMinSize?: number
    readonly subgroupMaxSize?: number
    readonly subgroupMatrixConfigs?: Iterable<MatrixConfig>
  }
}

/** The shapes that tiles use, as hardware has them. */
export const MATRIX_SHAPES: readonly MatrixShape[] = [
  { factors: 'f32', M: 8, N: 8, K: 8 }, // Apple
  { factors: 'f16', M: 16, N: 16, K: 16 }, // NVIDIA, AMD
  { factors: 'f16', M: 8, N: 16, K: 16 }, // Intel
]

/** Invocations in a subgroup that multiplies matrices: all of this hardware can do it with 32. */
const SUBGROUP_SIZE = 32

export const EXTENSIONS = {
  standard: { feature: 'subgroup-matrix', enable: 'subgroup_matrix' },
  chromium: {
    feature: 'chromium-experimental-subgroup-matrix',
    enable: 'chromium_experimental_subgroup_matrix',
  },
} as const

const SIZE_CONTROL = 'subgroup-size-control'

/**
 * The shapes that an adapter multiplies, by its own list, in the newest spelling; undefined if tiles cannot
 * use any of them. Adapters whose subgroups vary in size must let kernels choose the size.
 */
export function findSubgroupMatrices(
  { features, info }: MatrixSupport,
  f16: boolean,
): SubgroupMatrices | undefined {
  const { subgroupMinSize = 0, subgroupMaxSize = 0 } = info
  const extension = (['standard', 'chromium'] as const).find((name) => features.has(EXTENSIONS[name].feature))
  const variableSubgroups = subgroupMinSize !== subgroupMaxSize
  const rightSize = subgroupMinSize <= SUBGROUP_SIZE && SUBGROUP_SIZE <= subgroupMaxSize
  if (!extension || !rightSize || (variableSubgroups && !features.has(SIZE_CONTROL))) return undefined
  const configs = [...(info.subgroupMatrixConfigs ?? [])]
  const listed = MATRIX_SHAPES.filter(
    (shape) => (f16 || shape.factors !== 'f16') && configs.some((config) => fits(config, shape)),
  )
  const shapes = listed.filter(({ factors }, i) => listed.findIndex((at) => at.factors === factors) === i)
  return shapes.length > 0 ? { shapes, extension, majorness: 'template', variableSubgroups } : undefined
}

const fits = ({ componentType, resultComponentType, M, N, K }: MatrixConfig, shape: MatrixShape) =>
  componentType === shape.factors &&
  resultComponentType === 'f32' &&
  M === shape.M &&
  N === shape.N &&
  K === shape.K

/** The device features that kernels with these matrices need, besides `subgroups`. @internal */
export const matrixFeatures = ({ extension, variableSubgroups }: SubgroupMatrices): GPUFeatureName[] =>
  [EXTENSIONS[extension].feature, ...(variableSubgroups ? [SIZE_CONTROL] : [])] as GPUFeatureName[]

/** The shapes for people: 'f16 16 × 16 × 16', or 'none'. */
export const matricesText = (matrices: SubgroupMatrices | undefined): string =>
  matrices?.shapes.map(({ factors, M, N, K }) => `${factors} ${M} × ${N} × ${K}`).join(', ') ?? 'none'
