// Answers: what are the contracts of shaders/linear? It must not know which projection of a model they serve.
import { defineKernel, read, uniform, write } from '../gpu/kernel.ts'
import { type Capabilities, spreadWidth } from '../gpu/limits.ts'

const step = uniform('Step')
const weights = read('vec4<u32>', '[OUT, IN]')
const y = write('f32', '[tokens, Y_STRIDE]')
const constants = [
  'IN',
  'OUT',
  'Y_STRIDE',
  'STRIDE',
  'SCALES',
  'SCALE_STRIDE',
  'BLOCK_ROWS',
  'BLOCK_COLS',
  'ACCUMULATE',
] as const

export const linearDecode = defineKernel({
  path: 'linear/linear_decode',
  bindings: {
    step,
    x: read('vec4<f32>', '[tokens, X_STRIDE]'),
    norm: read('vec4<f32>', '[IN]'),
    weights,
    y,
  },
  constants: [...constants, 'X_STRIDE', 'EPSILON', 'WORKGROUP', 'LANES'],
  slots: ['weights', 'rows', 'taken', 'share'],
})

export const linearPrefill = defineKernel({
  path: 'linear/linear_prefill',
  bindings: { step, x: read('vec4<f32>', '[tokens, IN]'), weights, y },
  constants,
  slots: ['weights', 'products'],
})

/** A module of the slot `products`, and the size of its tiles, as the shader has it. */
export interface Tiles {
  readonly module: string
  readonly rows: number // input rows
  readonly outs: number // weight rows
}

export const TILES = {
  f32: { module: 'linear/products_f32', rows: 32, outs: 32 },
  f16: { module: 'linear/products_f16', rows: 32, outs: 32 },
  spread4: { module: 'linear/products_spread_4', rows: 16, outs: 32 },
  spread8: { module: 'linear/products_spread_8', rows: 16, outs: 32 },
} as const satisfies Record<string, Tiles>

/**
 * How the products of prefill are cut into tiles. GPUs share loads through workgroup memory. Where a CPU plays the GPU, that memory is
 * as slow as any other, and broadcasts within a subgroup are quick (5 to 8 times on lavapipe, 2 to 3 times on SwiftShader).
 * @param factors numbers that a tile may hold; 'f16' needs shader-f16
 */
export function chooseTiles(
  factors: 'f32' | 'f16',
  capabilities: Pick<Capabilities, 'software' | 'subgroupSize'>,
): Tiles {
  if (factors === 'f16') return TILES.f16
  const width = spreadWidth(capabilities)
  return width === 0 ? TILES.f32 : TILES[`spread${width}`]
}
