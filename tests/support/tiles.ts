// Answers: which tiles of prefill's products can a device run, and how exact are they?
import type { Capabilities } from '../../src/gpu/limits.ts'
import { chooseTiles, TILES, type Tiles } from '../../src/kernels/linear.ts'
import { TOLERANCE } from './numbers.ts'

type Tiling = readonly [tiles: Tiles, tolerance: number] // the relative error that it may show

/** The tiles that the device chooses. */
export const ownTiles = (capabilities: Capabilities): Tiling => [
  chooseTiles('f32', capabilities),
  TOLERANCE.f32,
]

/** All tiles that it can run. */
export function everyTiles({ f16, subgroupSize }: Capabilities): Tiling[] {
  const tiles: Tiling[] = [[TILES.f32, TOLERANCE.f32]]
  if (f16) tiles.push([TILES.f16, TOLERANCE.f16])
  if (subgroupSize >= 4) tiles.push([TILES.spread4, TOLERANCE.f32])
  if (subgroupSize >= 8) tiles.push([TILES.spread8, TOLERANCE.f32])
  return tiles
}
