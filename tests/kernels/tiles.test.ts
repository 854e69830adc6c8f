// Answers: do products get the tiles that were asked for, as far as device and matrix allow?
import { expect, it } from 'vitest'
import { PLAIN } from '../../src/gpu/variants.ts'
import { chooseTiles, TILES } from '../../src/kernels/linear.ts'

const own = { ...PLAIN, products: 'spread_8' } as const
const withMatrices = { ...own, halves: 'matrix' } as const
const every = { packable: true, paired: true }

it('f32 tiles are what the device chose', () => {
  expect(chooseTiles('f32', own, every)).toBe(TILES.spread_8)
})

it('f16 tiles use subgroup matrices where the device has them and pairs of chunks share a scale', () => {
  expect(chooseTiles('f16', own, every)).toBe(TILES.f16)
  expect(chooseTiles('f16', withMatrices, every)).toBe(TILES.matrix)
  expect(chooseTiles('f16', withMatrices, { ...every, paired: false })).toBe(TILES.f16)
})

it('i8 leaves what cannot be packed in f32, in tiles of as many rows', () => {
  expect(chooseTiles('i8', own, every)).toBe(TILES.i8)
  const rest = chooseTiles('i8', own, { ...every, packable: false })
  expect(rest).toBe(TILES.workgroup)
  expect(rest.rows).toBe(TILES.i8.rows)
})
