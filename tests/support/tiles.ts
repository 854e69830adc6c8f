// Answers: which tiles of products and of attention can a device run, and how exact are they?
import type { Capabilities } from '../../src/gpu/limits.ts'
import { ATTENTION_TILES, type AttentionTiles, chooseAttentionTiles } from '../../src/kernels/attention.ts'
import { chooseHeadTiles, type HeadTiles, plainHeadTiles } from '../../src/kernels/heads.ts'
import { TILES, type Tiles } from '../../src/kernels/linear.ts'
import { TOLERANCE } from './numbers.ts'
import type { PackedMatrix } from './weights.ts'

type Tiling = readonly [tiles: Tiles, tolerance: number] // the relative error that it may show

/** The tiles that the device chooses. */
export const ownTiles = (capabilities: Capabilities): Tiling => [
  TILES[capabilities.variants.products],
  TOLERANCE.f32,
]

/** Those that every device can run, those with f16 factors where there is f16, and its own. */
export function everyTiles(capabilities: Capabilities): Tiling[] {
  const plain: Tiling = [TILES.workgroup, TOLERANCE.f32]
  const half: Tiling = [TILES.f16, TOLERANCE.f16]
  const own = ownTiles(capabilities)
  return [plain, ...(capabilities.f16 ? [half] : []), ...(own[0] === TILES.workgroup ? [] : [own])]
}

/** The modules by which tiles take a matrix; those of packed bytes have one of their own for each format. */
export const tiledImports = ({ imports: { weights } }: Pick<PackedMatrix, 'imports'>, tiles: Tiles) => ({
  weights: tiles.packed ? `${weights}_packed` : weights,
  products: tiles.module,
})

/** How attention can be cut into tiles here: as every device can, and as this one chooses. */
export const everyAttentionTiles = (capabilities: Capabilities): ReadonlySet<AttentionTiles> =>
  new Set<AttentionTiles>([ATTENTION_TILES.workgroup, chooseAttentionTiles(capabilities.variants)])

/** How the heads of a group can be served here: as every device can, as this one chooses, and one by one. */
export function everyHeadTiles(
  { heads, kvHeads, key }: { readonly heads: number; readonly kvHeads: number; readonly key: number },
  capabilities: Capabilities,
): HeadTiles[] {
  const group = heads / kvHeads
  const alone = { module: 'attention/members_spread_1', tile: 1, count: group }
  return [plainHeadTiles(group, key), chooseHeadTiles(group, key, capabilities.variants), alone]
}
