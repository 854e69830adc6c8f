// Answers: which tiles of products does a device get, and how exact are they? What every device can run is proven where there is nothing else
// (lavapipe-plain): each of these is seconds of compiling, so no adapter proves what another gets.
import type { Capabilities } from '../../src/gpu/limits.ts'
import { TILES, type Tiles } from '../../src/kernels/linear.ts'
import { TOLERANCE } from './numbers.ts'
import type { PackedMatrix } from './weights.ts'

type Tiling = readonly [tiles: Tiles, tolerance: number] // the relative error that it may show

/** The tiles that the device chooses. */
export const ownTiles = (capabilities: Capabilities): Tiling => [
  TILES[capabilities.variants.products],
  TOLERANCE.f32,
]

/** Those, and tiles with f16 factors where there is f16. */
export function everyTiles(capabilities: Capabilities): Tiling[] {
  const half: Tiling = [TILES.f16, TOLERANCE.f16]
  return [ownTiles(capabilities), ...(capabilities.f16 ? [half] : [])]
}

/** The modules by which tiles take a matrix; those of packed bytes have one of their own for each format. */
export const tiledImports = ({ imports: { weights } }: Pick<PackedMatrix, 'imports'>, tiles: Tiles) => ({
  weights: tiles.packed ? `${weights}_packed` : weights,
  products: tiles.module,
})
