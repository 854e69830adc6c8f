// Tests of the choice of tiles for matrix products by precision, device and matrix.
import { expect, it } from 'vitest'
import { PLAIN_VARIANTS, type Variants } from '../../src/gpu/variants.ts'
import { chooseMatmulTiles, MATMUL_TILES, type TileStorage } from '../../src/kernels/linear.ts'

const BROADCAST: Variants = { ...PLAIN_VARIANTS, matmul: 'broadcast8' }
const WITH_SUBGROUP_MATRICES: Variants = { ...BROADCAST, f16Tiles: 'subgroupMatrix' }
const INT8_STORAGE: TileStorage = { int8Codes: true, pairsShareScale: true }

it('f32 uses the tiles of the device', () => {
  expect(chooseMatmulTiles('f32', BROADCAST, INT8_STORAGE)).toBe(MATMUL_TILES.broadcast8)
})

it('f16 uses subgroup matrices if the device has them and pairs of chunks share a scale', () => {
  expect(chooseMatmulTiles('f16', BROADCAST, INT8_STORAGE)).toBe(MATMUL_TILES.f16)
  expect(chooseMatmulTiles('f16', WITH_SUBGROUP_MATRICES, INT8_STORAGE)).toBe(MATMUL_TILES.f16SubgroupMatrix)
  expect(chooseMatmulTiles('f16', WITH_SUBGROUP_MATRICES, { ...INT8_STORAGE, pairsShareScale: false })).toBe(
    MATMUL_TILES.f16,
  )
})

it('i8 falls back to f32 tiles of as many rows for other formats', () => {
  expect(chooseMatmulTiles('i8', BROADCAST, INT8_STORAGE)).toBe(MATMUL_TILES.i8)
  const rest = chooseMatmulTiles('i8', BROADCAST, { ...INT8_STORAGE, int8Codes: false })
  expect(rest).toBe(MATMUL_TILES.workgroup)
  expect(rest.rows).toBe(MATMUL_TILES.i8.rows)
})
