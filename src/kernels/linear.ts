// Answers: what are the contracts of shaders/linear? It must not know which projection of a model they serve.
import { defineKernel, read, uniform, write } from '../gpu/kernel.ts'
import type { Capabilities } from '../gpu/limits.ts'
import type { Variants } from '../gpu/variants.ts'

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
  slots: ['weights', 'rows', 'taken', 'share', 'visit'],
})

export const linearPrefill = defineKernel({
  path: 'linear/linear_prefill',
  bindings: { step, x: read('vec4<f32>', '[tokens, IN]'), weights, y },
  constants,
  slots: ['weights', 'products'],
})

/** How products hold their factors: weights and inputs. */
export const FACTORS = ['f32', 'f16', 'i8'] as const
export type Factors = (typeof FACTORS)[number]

/** Those that are asked for, as far as the device has them. */
export const factorsOf = (asked: Factors, { f16, packed }: Pick<Capabilities, 'f16' | 'packed'>): Factors =>
  (asked === 'f16' && !f16) || (asked === 'i8' && !packed) ? 'f32' : asked

/** A module of the slot `products`, and the size of its tiles, as the shader has it. */
export interface Tiles {
  readonly module: string
  readonly rows: number // input rows
  readonly outs: number // weight rows
  readonly packed?: true // of weights that are taken as packed bytes
}

export const TILES = {
  workgroup: { module: 'linear/products_f32', rows: 32, outs: 32 },
  f16: { module: 'linear/products_f16', rows: 32, outs: 32 },
  matrix: { module: 'linear/matrix_tile', rows: 32, outs: 32 },
  i8: { module: 'linear/packed_tile', rows: 32, outs: 32, packed: true },
  spread_4: { module: 'linear/products_spread_4', rows: 16, outs: 32 },
  spread_8: { module: 'linear/products_spread_8', rows: 16, outs: 32 },
} as const satisfies Record<string, Tiles>

/** What of a matrix decides about its tiles. */
export interface Storage {
  readonly packable: boolean // its weights can be taken as packed bytes
  readonly paired: boolean // pairs of chunks share their scale
}

/**
 * How the products of prefill are cut into tiles. Their rows are the same for all matrices.
 * @param factors numbers that a tile may hold; 'f16' needs shader-f16, 'i8' packed products; 'i8' leaves what is not packable in f32
 */
export function chooseTiles(
  factors: Factors,
  { products, halves }: Pick<Variants, 'products' | 'halves'>,
  { packable, paired }: Storage,
): Tiles {
  if (factors === 'f32') return TILES[products]
  if (factors === 'f16') return halves === 'matrix' && paired ? TILES.matrix : TILES.f16
  return packable ? TILES.i8 : TILES.workgroup
}
