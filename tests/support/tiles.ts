// The matmul tiles to test on a device, and their tolerances.
// Each takes seconds to compile, so the portable tiles are tested only on lavapipe-plain, which has no
// others.
import type { Capabilities } from '../../src/gpu/limits.ts'
import { MATRIX_SHAPES } from '../../src/gpu/subgroup-matrices.ts'
import {
  chooseMatmulTiles,
  MATMUL_TILES,
  type MatmulTiles,
  matrixShapeModule,
  SUBGROUP_MATRIX_TILES,
  tileModules,
} from '../../src/kernels/linear.ts'
import { TOLERANCE } from './numbers.ts'
import type { PackedMatrix } from './weights.ts'

type TilesWithTolerance = readonly [tiles: MatmulTiles, tolerance: number] // the allowed relative error

/** The tiles chosen for the device. */
export const chosenTiles = (capabilities: Capabilities): TilesWithTolerance => [
  chooseMatmulTiles('f32', capabilities, { int8Codes: false, pairsShareScale: false }),
  TOLERANCE.f32,
]

/** The chosen tiles, and f16 tiles if the device has f16. */
export function allTiles(capabilities: Capabilities): TilesWithTolerance[] {
  const f16Tiles: TilesWithTolerance = [MATMUL_TILES.f16, TOLERANCE.f16]
  return [chosenTiles(capabilities), ...(capabilities.f16 ? [f16Tiles] : [])]
}

/** Tiles of every shape of subgroup matrices that the device can emulate through workgroup memory. */
export const emulatedMatrixTiles = ({ f16 }: Capabilities): TilesWithTolerance[] =>
  MATRIX_SHAPES.filter(({ factors }) => f16 || factors !== 'f16').map((shape) => [
    {
      ...SUBGROUP_MATRIX_TILES[shape.factors],
      matrixModules: { matrixShape: matrixShapeModule(shape), matrixUnit: 'linear/matrix_unit_emulated' },
    },
    TOLERANCE[shape.factors],
  ])

/** The modules with which tiles read a matrix; tiles of packed bytes have one of their own per format. */
export const tiledImports = (
  { imports: { weights } }: Pick<PackedMatrix, 'imports'>,
  tiles: MatmulTiles,
) => ({
  weights: tiles.int8Weights ? `${weights}_int8` : weights,
  ...tileModules(tiles),
})
