// Tests of the choice of tiles for matrix products by precision, device and matrix.
import { expect, it } from 'vitest'
import { PLAIN_VARIANTS, type Variants } from '../../src/gpu/variants.ts'
import { chooseMatmulTiles, MATMUL_TILES, type TileStorage } from '../../src/kernels/linear.ts'

const own: Variants = { ...PLAIN_VARIANTS, matmul: 'broadcast8' }
const withMatrices: Variants = { ...own, f16Tiles: 'subgroupMatrix' }
const every: TileStorage = { int8Codes: true, pairsShareScale: true }

it('f32 uses the tiles of the device', () => {
  expect(chooseMatmulTiles('f32', own, every)).toBe(MATMUL_TILES.broadcast8)
})

it('f16 uses subgroup matrices if the device has them and pairs of chunks share a scale', () => {
  expect(chooseMatmulTiles('f16', own, every)).toBe(MATMUL_TILES.f16)
  expect(chooseMatmulTiles('f16', withMatrices, every)).toBe(MATMUL_TILES.f16SubgroupMatrix)
  expect(chooseMatmulTiles('f16', withMatrices, { ...every, pairsShareScale: false })).toBe(MATMUL_TILES.f16)
})

it('i8 falls back to f32 tiles of as many rows for other formats', () => {
  expect(chooseMatmulTiles('i8', own, every)).toBe(MATMUL_TILES.i8)
  const rest = chooseMatmulTiles('i8', own, { ...every, int8Codes: false })
  expect(rest).toBe(MATMUL_TILES.workgroup)
  expect(rest.rows).toBe(MATMUL_TILES.i8.rows)
})
