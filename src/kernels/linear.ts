// Contracts of shaders/linear, and the choice of tiles for matrix products of prefill.
import { defineKernel, read, uniform, write } from '../gpu/kernel.ts'
import type { Capabilities } from '../gpu/limits.ts'
import type { Imports } from '../gpu/linker.ts'
import type { MatrixShape, SubgroupMatrices } from '../gpu/subgroup-matrices.ts'
import { expectDefined } from '../lib/error.ts'

const step = uniform('Step')
const weights = read('vec4<u32>')
const y = write('f32')
const CONSTANTS = [
  'IN',
  'OUT',
  'Y_STRIDE',
  'STRIDE',
  'SCALES',
  'SCALE_STRIDE',
  'BLOCK_ROWS',
  'BLOCK_COLS',
  'SCALE_TYPE',
  'ACCUMULATE',
] as const

export const linearDecode = defineKernel({
  path: 'linear/linear_decode',
  bindings: {
    step,
    x: read('vec4<f32>'),
    norm: read('vec4<f32>'),
    weights,
    y,
  },
  constants: [...CONSTANTS, 'X_STRIDE', 'EPSILON', 'WORKGROUP', 'LANES'],
})

export const linearPrefill = defineKernel({
  path: 'linear/linear_prefill',
  bindings: { step, x: read('vec4<f32>'), weights, y },
  constants: [...CONSTANTS],
  slicedAlong: 'x',
})

/** Number types in which tiles of prefill hold weights and inputs. */
export const MATMUL_PRECISIONS = ['f32', 'f16', 'i8'] as const
export type MatmulPrecision = (typeof MATMUL_PRECISIONS)[number]

/** The requested precision, or f32 where the device does not support it. */
export const supportedPrecision = (
  requested: MatmulPrecision,
  { f16, int8Dot }: Pick<Capabilities, 'f16' | 'int8Dot'>,
): MatmulPrecision => ((requested === 'f16' && !f16) || (requested === 'i8' && !int8Dot) ? 'f32' : requested)

/** A module of the slot `tile`, and the size of its tiles (TILE_ROWS and TILE_OUTS in the shader). */
export interface MatmulTiles {
  readonly module: string
  readonly rows: number // input rows
  readonly outs: number // weight rows
  readonly int8Weights?: true // reads weights as packed 8-bit codes
  readonly matrixModules?: Imports // of the slots that subgroup matrices add
}

export const MATMUL_TILES = {
  workgroup: { module: 'linear/tile_f32', rows: 32, outs: 32 },
  f16: { module: 'linear/tile_f16', rows: 32, outs: 32 },
  i8: { module: 'linear/tile_int8', rows: 32, outs: 32, int8Weights: true },
  broadcast4: { module: 'linear/tile_subgroup_broadcast_4', rows: 16, outs: 32 },
  broadcast8: { module: 'linear/tile_subgroup_broadcast_8', rows: 16, outs: 32 },
} as const satisfies Record<string, MatmulTiles>

/** Tiles of subgroup matrices, by the type of their factors. */
export const SUBGROUP_MATRIX_TILES = {
  f32: { module: 'linear/tile_subgroup_matrix_f32', rows: 32, outs: 32 },
  f16: { module: 'linear/tile_subgroup_matrix_f16', rows: 32, outs: 32 },
} as const satisfies Record<MatrixShape['factors'], MatmulTiles>

/** Tiles of one of the shapes that a device multiplies. */
export function subgroupMatrixTiles(
  { factors, M, N, K }: MatrixShape,
  { majorness, extension, variableSubgroups }: SubgroupMatrices,
): MatmulTiles {
  return {
    ...SUBGROUP_MATRIX_TILES[factors],
    matrixModules: {
      matrixShape: matrixShapeModule({ M, N, K }),
      matrixUnit: `linear/matrix_unit_majorness_${majorness}`,
      matrixExtension: `linear/matrix_extension_${extension}`,
      matrixSubgroups: `linear/matrix_subgroups_${variableSubgroups ? '32' : 'given'}`,
    },
  }
}

export const matrixShapeModule = ({ M, N, K }: Omit<MatrixShape, 'factors'>): string =>
  `linear/matrix_shape_${M}x${N}x${K}`

/** The modules of tiles, by slot. */
export const tileModules = ({ module, matrixModules }: MatmulTiles): Imports => ({
  tile: module,
  ...matrixModules,
})

/** The properties of a stored matrix that its tiles depend on. */
export interface TileStorage {
  readonly int8Codes: boolean // its codes can be multiplied as 8-bit integers
  readonly pairsShareScale: boolean // each pair of chunks shares a scale
}

/**
 * Chooses the tiles of a matrix product of prefill. Their number of rows is the same for all matrices.
 * @param precision 'f16' needs shader-f16, 'i8' packed int8 dot products; 'i8' leaves matrices without
 *   codes with `int8Codes` in f32
 */
export function chooseMatmulTiles(
  precision: MatmulPrecision,
  { variants: { matmul, f16Tiles }, subgroupMatrices }: Pick<Capabilities, 'variants' | 'subgroupMatrices'>,
  { int8Codes, pairsShareScale }: TileStorage,
): MatmulTiles {
  const matrixTiles = (...types: readonly MatrixShape['factors'][]) => {
    const shape = types.flatMap(
      (type) => subgroupMatrices?.shapes.find(({ factors }) => factors === type) ?? [],
    )
    return subgroupMatrices && shape[0] && subgroupMatrixTiles(shape[0], subgroupMatrices)
  }
  if (precision === 'i8') return int8Codes ? MATMUL_TILES.i8 : MATMUL_TILES.workgroup
  if (precision === 'f32')
    return matmul === 'subgroupMatrix'
      ? expectDefined(matrixTiles('f32'), 'subgroup matrices of f32')
      : MATMUL_TILES[matmul]
  const types = pairsShareScale ? (['f16', 'f32'] as const) : (['f32'] as const)
  return (f16Tiles === 'subgroupMatrix' && matrixTiles(...types)) || MATMUL_TILES.f16
}
