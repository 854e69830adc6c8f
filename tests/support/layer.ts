// Answers: which attention layers do tests run? Sizes, a random expanding matrix in a stored format, rotations.
// It must not know what is done with them.
import { rotationTable } from '../../src/models/rotary.ts'
import type { HeadShape } from '../../src/reference/attention.ts'
import type { RotarySpec } from '../../src/reference/vector.ts'
import type { CacheFormat } from './cache.ts'
import { type Blocks, randomMatrix, type WeightFormat } from './weights.ts'

export interface LayerOptions {
  readonly format?: WeightFormat
  readonly cache?: CacheFormat
  readonly halfSplit?: boolean
  readonly blocks?: Blocks
  readonly positions?: number // that the rotation table covers
}

/** One layer: its sizes, its expanding matrix [heads, nope + value, latent], its rotations. */
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
