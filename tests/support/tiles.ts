// Answers: which tiles of products and of attention can a device run, and how exact are they?
import type { Capabilities } from '../../src/gpu/limits.ts'
import { ATTENTION_TILES, type AttentionTiles, chooseAttentionTiles } from '../../src/kernels/attention.ts'
import { chooseTiles, TILES, type Tiles } from '../../src/kernels/linear.ts'
import { TOLERANCE } from './numbers.ts'

type Tiling = readonly [tiles: Tiles, tolerance: number] // the relative error that it may show

/** The tiles that the device chooses. */
export const ownTiles = (capabilities: Capabilities): Tiling => [
  chooseTiles('f32', capabilities),
  TOLERANCE.f32,
]

/** Those that every device can run, those with f16 factors where there is f16, and its own. */
export function everyTiles(capabilities: Capabilities): Tiling[] {
  const plain: Tiling = [TILES.f32, TOLERANCE.f32]
  const half: Tiling = [TILES.f16, TOLERANCE.f16]
  const own = ownTiles(capabilities)
  return [plain, ...(capabilities.f16 ? [half] : []), ...(own[0] === TILES.f32 ? [] : [own])]
}

/** How attention can be cut into tiles here: as every device can, and as this one chooses. */
export const everyAttentionTiles = (capabilities: Capabilities): ReadonlySet<AttentionTiles> =>
  new Set<AttentionTiles>([ATTENTION_TILES.plain, chooseAttentionTiles(capabilities)])
