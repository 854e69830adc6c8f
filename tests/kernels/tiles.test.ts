// Tests of the choice of tiles for matrix products by precision, device and matrix.
import { expect, it } from 'vitest'
import { PLAIN, type Variants } from '../../src/gpu/variants.ts'
import { chooseTiles, type Storage, TILES } from '../../src/kernels/linear.ts'

const own: Variants = { ...PLAIN, products: 'spread_8' }
const withMatrices: Variants = { ...own, halves: 'matrix' }
const every: Storage = { packable: true, paired: true }

it('f32 uses the tiles of the device', () => {
  expect(chooseTiles('f32', own, every)).toBe(TILES.spread_8)
})

it('f16 uses subgroup matrices if the device has them and pairs of chunks share a scale', () => {
  expect(chooseTiles('f16', own, every)).toBe(TILES.f16)
  expect(chooseTiles('f16', withMatrices, every)).toBe(TILES.matrix)
  expect(chooseTiles('f16', withMatrices, { ...every, paired: false })).toBe(TILES.f16)
})

it('i8 falls back to f32 tiles of as many rows for other formats', () => {
  expect(chooseTiles('i8', own, every)).toBe(TILES.i8)
  const rest = chooseTiles('i8', own, { ...every, packable: false })
  expect(rest).toBe(TILES.workgroup)
  expect(rest.rows).toBe(TILES.i8.rows)
})
