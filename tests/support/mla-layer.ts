// Random MLA layers for tests: sizes, a kv_b matrix in a stored format, a rotary table.
import type { ScaleBlock } from '../../src/gpu/formats.ts'
import { computeRotaryTable } from '../../src/models/rotary.ts'
import type { MlaShape } from '../../src/reference/mla.ts'
import type { RotaryLayout } from '../../src/reference/vector.ts'
import type { KvDtype } from './kv-cache.ts'
import { randomMatrix, type WeightFormat } from './weights.ts'

export interface MlaLayerOptions {
  readonly format?: WeightFormat
  readonly kvDtype?: KvDtype
  readonly ropeInterleaved?: boolean
  readonly blocks?: ScaleBlock
  readonly positions?: number // covered by the rotary table
}

/** One layer: its sizes, its kv_b matrix [heads, nope + value, latent], its rotary table. */
export function makeMlaLayer(shape: MlaShape, options: MlaLayerOptions = {}) {
  const {
    format = 'f32',
    kvDtype = 'f32',
    ropeInterleaved = true,
    blocks = { rows: 32, cols: 48 },
    positions = 512,
  } = options
  const pairs = shape.qkRopeDim / 2
  const rotary: RotaryLayout = {
    frequencies: Array.from({ length: pairs }, (_, pair) => 10000 ** (-pair / pairs)),
    ropeInterleaved,
  }
  return {
    ...shape,
    kvDtype,
    rotary,
    width: shape.qkNopeDim + shape.qkRopeDim,
    entryWidth: shape.kvLoraRank + shape.qkRopeDim,
    kvB: randomMatrix(
      [shape.heads * (shape.qkNopeDim + shape.vHeadDim), shape.kvLoraRank],
      format,
      11,
      blocks,
    ),
    rotations: computeRotaryTable({ frequencies: rotary.frequencies, attentionFactor: 1 }, positions),
    softmaxScale: 1 / Math.sqrt(shape.qkNopeDim + shape.qkRopeDim),
  }
}
export type MlaLayer = ReturnType<typeof makeMlaLayer>
