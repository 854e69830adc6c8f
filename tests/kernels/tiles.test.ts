// Tests of the choice of tiles for matrix products by precision, device and matrix.
import { expect, it } from 'vitest'
import type { MatrixShape, SubgroupMatrices } from '../../src/gpu/subgroup-matrices.ts'
import { PLAIN_VARIANTS, type Variants } from '../../src/gpu/variants.ts'
import {
  chooseMatmulTiles,
  MATMUL_TILES,
  subgroupMatrixTiles,
  type TileStorage,
} from '../../src/kernels/linear.ts'

const INT8_STORAGE: TileStorage = { int8Codes: true, pairsShareScale: true }
const ODD_SCALES: TileStorage = { ...INT8_STORAGE, pairsShareScale: false }
const F32: MatrixShape = { factors: 'f32', M: 8, N: 8, K: 8 }
const F16: MatrixShape = { factors: 'f16', M: 8, N: 16, K: 16 }

const without = (variants: Partial<Variants>) => ({
  variants: { ...PLAIN_VARIANTS, ...variants },
  subgroupMatrices: undefined,
})
const BROADCAST = without({ matmul: 'broadcast8' })

const withMatrices = (...shapes: MatrixShape[]) => {
  const subgroupMatrices: SubgroupMatrices = {
    shapes,
    extension: 'chromium',
    majorness: 'argument',
    variableSubgroups: true,
  }
  return {
    capabilities: { ...without({ matmul: 'subgroupMatrix', f16Tiles: 'subgroupMatrix' }), subgroupMatrices },
    tiles: (shape: MatrixShape) => subgroupMatrixTiles(shape, subgroupMatrices),
  }
}

it('f32 uses the tiles of the device', () => {
  expect(chooseMatmulTiles('f32', BROADCAST, INT8_STORAGE)).toBe(MATMUL_TILES.broadcast8)
  const { capabilities, tiles } = withMatrices(F32, F16)
  expect(chooseMatmulTiles('f32', capabilities, ODD_SCALES)).toEqual(tiles(F32))
})

it('f16 uses subgroup matrices of f16 if pairs of chunks share a scale, else of f32, else none', () => {
  expect(chooseMatmulTiles('f16', BROADCAST, INT8_STORAGE)).toBe(MATMUL_TILES.f16)
  const { capabilities, tiles } = withMatrices(F32, F16)
  expect(chooseMatmulTiles('f16', capabilities, INT8_STORAGE)).toEqual(tiles(F16))
  expect(chooseMatmulTiles('f16', capabilities, ODD_SCALES)).toEqual(tiles(F32))
  const intel = withMatrices(F16)
  expect(chooseMatmulTiles('f16', intel.capabilities, INT8_STORAGE)).toEqual(intel.tiles(F16))
  expect(chooseMatmulTiles('f16', intel.capabilities, ODD_SCALES)).toBe(MATMUL_TILES.f16)
  const apple = withMatrices(F32)
  expect(chooseMatmulTiles('f16', apple.capabilities, INT8_STORAGE)).toEqual(apple.tiles(F32))
})

it('fills the slots of subgroup matrices with the modules of shape, spelling and subgroup size', () => {
  expect(withMatrices().tiles(F16)).toEqual({
    module: 'linear/tile_subgroup_matrix_f16',
    rows: MATMUL_TILES.f16.rows,
    outs: 32,
    matrixModules: {
      matrixShape: 'linear/matrix_shape_8x16x16',
      matrixUnit: 'linear/matrix_unit_majorness_argument',
      matrixExtension: 'linear/matrix_extension_chromium',
      matrixSubgroups: 'linear/matrix_subgroups_32',
    },
  })
})

it('i8 falls back to f32 tiles of as many rows for other formats', () => {
  expect(chooseMatmulTiles('i8', BROADCAST, INT8_STORAGE)).toBe(MATMUL_TILES.i8)
  const rest = chooseMatmulTiles('i8', BROADCAST, { ...INT8_STORAGE, int8Codes: false })
  expect(rest).toBe(MATMUL_TILES.workgroup)
  expect(rest.rows).toBe(MATMUL_TILES.i8.rows)
})
