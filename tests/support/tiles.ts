// The matmul tiles to test on a device, and their tolerances.
// Each takes seconds to compile, so the portable tiles are tested only on lavapipe-plain, which has no
// others.
import type { Capabilities } from '../../src/gpu/limits.ts'
import { TILES, type Tiles } from '../../src/kernels/linear.ts'
import { TOLERANCE } from './numbers.ts'
import type { PackedMatrix } from './weights.ts'

type TilesWithTolerance = readonly [tiles: Tiles, tolerance: number] // the allowed relative error

/** The tiles chosen for the device. */
export const ownTiles = (capabilities: Capabilities): TilesWithTolerance => [
  TILES[capabilities.variants.products],
  TOLERANCE.f32,
]

/** The chosen tiles, and f16 tiles if the device has f16. */
export function everyTiles(capabilities: Capabilities): TilesWithTolerance[] {
  const f16Tiles: TilesWithTolerance = [TILES.f16, TOLERANCE.f16]
  return [ownTiles(capabilities), ...(capabilities.f16 ? [f16Tiles] : [])]
}

/** The modules with which tiles read a matrix; tiles of packed bytes have one of their own per format. */
export const tiledImports = ({ imports: { weights } }: Pick<PackedMatrix, 'imports'>, tiles: Tiles) => ({
  weights: tiles.packed ? `${weights}_packed` : weights,
  products: tiles.module,
})
