// Decides how each matrix of a weight plan is stored in MLX's layout, and stacks experts and heads.
import { FORMATS, type ScaleDtype } from '../../gpu/formats.ts'
import { GROUP_SIZES, layoutMatrix, type MatrixLayout } from '../../gpu/matrix.ts'
import { HadalError } from '../../lib/error.ts'
import type { ModelSpec } from '../../models/spec.ts'
import { moduleOf, stackNameOf } from '../../models/stored-names.ts'
import { mlxModule } from '../../models/tensor-names.ts'
import { mapTensors } from '../../models/tensors.ts'
import { expectDtype, VECTOR_DTYPES } from '../../weights/matrix-writer.ts'
import { bitsOf, type CodeFormat, isCodeFormat, MLX_UNIT } from '../../weights/mlx-codes.ts'
import type { TensorEntry } from '../../weights/safetensors.ts'
import type { FloatMatrix, IntegerMatrix, PackedMatrix, StoredMatrix } from '../../weights/stored-matrix.ts'
import { needsConversion } from '../load/common-format.ts'
import type { WeightPlan } from '../load/weight-plan.ts'

/** How weights are stored: as floats, or as codes with a scale and an offset for each group. */
export interface MlxForm {
  readonly dtype: ScaleDtype // of the floats, or of scales and offsets
  readonly codes?: { readonly bits: number; readonly groupSize: number }
}

/** One matrix of a module, and how it comes to the module's form. */
export type MlxMember = { readonly form: MlxForm } & (
  | { readonly kind: 'float'; readonly matrix: FloatMatrix }
  | { readonly kind: 'packed'; readonly matrix: PackedMatrix; readonly format: CodeFormat }
  | { readonly kind: 'integer'; readonly matrix: IntegerMatrix; readonly layout: MatrixLayout }
  | { readonly kind: 'converted'; readonly matrix: StoredMatrix; readonly layout: MatrixLayout }
)

/** A module of MLX's tree: one matrix, or a stack of equal ones. */
export interface MlxModule {
  readonly path: string
  readonly isStack: boolean
  readonly form: MlxForm
  readonly members: readonly MlxMember[]
}

/** A vector: it is written as it is stored. */
export interface MlxVector {
  readonly name: string
  readonly entry: TensorEntry
}

/** The weights of a module. */
export const countWeights = ({ members }: MlxModule): number =>
  members.reduce((sum, { matrix: { storedLayout } }) => sum + storedLayout.rows * storedLayout.cols, 0)

/**
 * Whether all offsets of a module are those of symmetric codes, as `mlxScales` makes them. Only modules with
 * BF16 scales and 4 or 8 bits count: `findMlx` trusts `symmetric` in no others.
 */
export const isSymmetric = ({ form: { dtype, codes }, members }: MlxModule): boolean =>
  dtype !== 'BF16' ||
  (codes?.bits !== 4 && codes?.bits !== 8) ||
  members.every((member) => {
    if (member.kind === 'integer') return member.matrix.offsets.kind === 'middle'
    return member.kind !== 'packed' || !FORMATS[member.format].scale?.offset
  })

export interface MlxTensors {
  readonly modules: readonly MlxModule[] // in the order of the layers
  readonly vectors: readonly MlxVector[]
  /** Matrices that keep their floats although other formats were asked for. */
  readonly unquantized: readonly string[]
  /** Matrices that would stay FP8 on the GPU: MLX has no such form, so they become q8. */
  readonly fromFp8: readonly string[]
}

/** Lists the modules and vectors of a plan. Throws `unsupported` for what MLX's layout cannot hold. */
export function mlxTensors(spec: ModelSpec, plan: WeightPlan): MlxTensors {
  const stacks = new Map<string, { isStack: boolean; members: MlxMember[] }>()
  const vectors: MlxVector[] = []
  const [unquantized, fromFp8]: [string[], string[]] = [[], []]
  const addMember = (module: string, member: MlxMember) => {
    const path = mlxModule(spec, stackNameOf(module))
    const stack = stacks.get(path) ?? { isStack: stackNameOf(module) !== module, members: [] }
    stacks.set(path, stack)
    stack.members.push(member)
  }
  const add = (layout: MatrixLayout, storedMatrices: readonly StoredMatrix[]) => {
    for (const matrix of storedMatrices) {
      const wanted =
        isCodeFormat(layout.format) && needsConversion(matrix, layout) ? layout.format : undefined
      if (wanted && !isWhole(matrix)) unquantized.push(matrix.name)
      if (matrix.kind === 'split kv' && !(wanted && isWhole(matrix))) {
        for (const head of [...matrix.keys, ...matrix.values]) addMember(moduleOf(head.name), kept(head))
        continue
      }
      const member = wanted && isWhole(matrix) ? converted(matrix, wanted) : kept(matrix)
      if (!wanted && matrix.storedLayout.format === 'fp8_block') fromFp8.push(matrix.name)
      addMember(moduleOf(matrix.name), member)
    }
  }
  mapTensors(plan, {
    matrix: ({ layout, storedMatrices }) => add(layout, storedMatrices),
    vector: ({ parts }) => {
      vectors.push(...parts)
    },
    bank: ({ slots }) => {
      for (const { layout, storedMatrices } of slots) add(layout, storedMatrices)
    },
  })
  const modules = [...stacks].map(([path, stack]) => ({ path, ...stack, ...inOneForm(stack.members) }))
  return { modules, vectors, unquantized, fromFp8 }
}

/** Whether rows are whole groups. MLX's converter, too, leaves others in floating point. */
const isWhole = ({ storedLayout }: StoredMatrix): boolean => storedLayout.cols % MLX_UNIT === 0

/** A matrix that the plan leaves as it is stored, in the form of MLX that loses least. */
function kept(matrix: StoredMatrix): MlxMember {
  const { rows, cols, format } = matrix.storedLayout
  if (matrix.kind === 'float') {
    const dtype = expectDtype(matrix.weight, VECTOR_DTYPES)
    return { kind: 'float', matrix, form: { dtype: dtype === 'F64' ? 'F32' : dtype } }
  }
  if (matrix.kind === 'packed' && isCodeFormat(format)) {
    if (isWhole(matrix)) return { kind: 'packed', matrix, format, form: formOf(matrix.storedLayout, format) }
    throw new HadalError(
      'unsupported',
      `${matrix.name} has rows of ${cols} quantized weights; MLX stores only multiples of ${MLX_UNIT} so.`,
      { tensor: matrix.name, hint: 'Use the original of this model.' },
    )
  }
  if (matrix.kind === 'integer') {
    const group = GROUP_SIZES.find((size) => (matrix.groupSize ?? cols) % size === 0 && cols % size === 0)
    if (group) {
      const block = { rows: 1, cols: group, dtype: matrix.storedLayout.block.dtype ?? 'BF16' }
      const layout = layoutMatrix(matrix.bits > 4 ? 'a8' : 'a4', [rows], cols, block)
      const codes = { bits: matrix.bits, groupSize: group }
      return { kind: 'integer', matrix, layout, form: { dtype: block.dtype, codes } }
    }
  }
  return converted(matrix, format === 'fp8_block' && isWhole(matrix) ? 'q8' : 'f32')
}

/** A matrix that is converted on the GPU. */
function converted(matrix: StoredMatrix, format: CodeFormat | 'f32'): MlxMember {
  const { rows, cols } = matrix.storedLayout
  const layout = layoutMatrix(format, [rows], cols)
  const form = format === 'f32' ? ({ dtype: 'F32' } as const) : formOf(layout, format)
  return { kind: 'converted', matrix: asConvertible(matrix), layout, form }
}

/** FP8 that Hadal packed has scales like any other, in blocks of a row. */
const asConvertible = (matrix: StoredMatrix): StoredMatrix =>
  matrix.kind === 'packed' && matrix.storedLayout.format === 'fp8_block'
    ? { ...matrix, kind: 'fp8', scaleBlock: matrix.storedLayout.block }
    : matrix

function formOf({ block }: MatrixLayout, format: CodeFormat): MlxForm {
  const dtype = block.dtype ?? FORMATS[format].scale?.dtype ?? 'BF16'
  return { dtype, codes: { bits: bitsOf(format), groupSize: block.cols } }
}

/** The members of a stack in one form; where they differ, in F32. */
function inOneForm(members: readonly MlxMember[]): Pick<MlxModule, 'form' | 'members'> {
  const [{ form } = { form: { dtype: 'F32' } as const }] = members
  if (members.every((member) => sameForm(member.form, form))) return { form, members }
  return { form: { dtype: 'F32' }, members: members.map(({ matrix }) => converted(matrix, 'f32')) }
}

const sameForm = (a: MlxForm, b: MlxForm): boolean =>
  a.dtype === b.dtype && a.codes?.bits === b.codes?.bits && a.codes?.groupSize === b.codes?.groupSize
