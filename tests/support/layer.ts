// Random MLA layers for tests: sizes, a kv_b matrix in a stored format, a rotary table.
import { rotationTable } from '../../src/models/rotary.ts'
import type { HeadShape } from '../../src/reference/attention.ts'
import type { RotarySpec } from '../../src/reference/vector.ts'
import type { KvDtype } from './cache.ts'
import { type BlockSize, randomMatrix, type WeightFormat } from './weights.ts'

export interface LayerOptions {
  readonly format?: WeightFormat
  readonly cache?: KvDtype
  readonly halfSplit?: boolean
  readonly blocks?: BlockSize
  readonly positions?: number // covered by the rotary table
}

/** One layer: its sizes, its kv_b matrix [heads, nope + value, latent], its rotary table. */
export function makeLayer(shape: HeadShape, options: LayerOptions = {}) {
  const {
    format = 'f32',
    cache = 'f32',
    halfSplit = false,
    blocks = { rows: 32, cols: 48 },
    positions = 512,
  } = options
  const pairs = shape.rope / 2
  const rotary: RotarySpec = {
    frequencies: Array.from({ length: pairs }, (_, pair) => 10000 ** (-pair / pairs)),
    halfSplit,
  }
  return {
    ...shape,
    cache,
    rotary,
    width: shape.nope + shape.rope,
    record: shape.latent + shape.rope,
    expand: randomMatrix(shape.heads * (shape.nope + shape.value), shape.latent, format, 11, blocks),
    rotations: rotationTable({ frequencies: rotary.frequencies, magnitude: 1 }, positions),
    scale: 1 / Math.sqrt(shape.nope + shape.rope),
  }
}
export type Layer = ReturnType<typeof makeLayer>
