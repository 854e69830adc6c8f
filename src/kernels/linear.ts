// Contracts of shaders/linear, and the choice of tiles for matrix products of prefill.
import { defineKernel, read, uniform, write } from '../gpu/kernel.ts'
import type { Capabilities } from '../gpu/limits.ts'
import type { Variants } from '../gpu/variants.ts'

const step = uniform('Step')
const weights = read('vec4<u32>', '[OUT, IN]')
const y = write('f32', '[tokens, Y_STRIDE]')
const CONSTANTS = [
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
  constants: [...CONSTANTS, 'X_STRIDE', 'EPSILON', 'WORKGROUP', 'LANES'],
  slots: ['weights', 'rows', 'taken', 'share', 'visit'],
})

export const linearPrefill = defineKernel({
  path: 'linear/linear_prefill',
  bindings: { step, x: read('vec4<f32>', '[tokens, IN]'), weights, y },
  constants: [...CONSTANTS],
  slots: ['weights', 'products'],
})

/** Number types in which tiles of prefill hold weights and inputs. */
export const FACTORS = ['f32', 'f16', 'i8'] as const
export type Factors = (typeof FACTORS)[number]

/** The requested precision, or f32 where the device does not support it. */
export const factorsOf = (
  requested: Factors,
  { f16, packed }: Pick<Capabilities, 'f16' | 'packed'>,
): Factors => ((requested === 'f16' && !f16) || (requested === 'i8' && !packed) ? 'f32' : requested)

/** A module of the slot `tile`, and the size of its tiles (TILE_ROWS and TILE_OUTS in the shader). */
export interface Tiles {
  readonly module: string
  readonly rows: number // input rows
  readonly outs: number // weight rows
  readonly packed?: true // reads weights as packed 8-bit codes
}

export const TILES = {
  workgroup: { module: 'linear/products_f32', rows: 32, outs: 32 },
  f16: { module: 'linear/products_f16', rows: 32, outs: 32 },
  matrix: { module: 'linear/matrix_tile', rows: 32, outs: 32 },
  i8: { module: 'linear/packed_tile', rows: 32, outs: 32, packed: true },
  spread_4: { module: 'linear/products_spread_4', rows: 16, outs: 32 },
  spread_8: { module: 'linear/products_spread_8', rows: 16, outs: 32 },
} as const satisfies Record<string, Tiles>

/** The properties of a stored matrix that its tiles depend on. */
export interface Storage {
  readonly packable: boolean // its codes can be multiplied as 8-bit integers
  readonly paired: boolean // each pair of chunks shares a scale
}

/**
 * Chooses the tiles of a matrix product of prefill. Their number of rows is the same for all matrices.
 * @param precision 'f16' needs shader-f16, 'i8' packed int8 dot products; 'i8' leaves matrices without
 *   `packable` codes in f32
 */
export function chooseTiles(
  precision: Factors,
  { products, halves }: Pick<Variants, 'products' | 'halves'>,
  { packable, paired }: Storage,
): Tiles {
  if (precision === 'f32') return TILES[products]
  if (precision === 'f16') return halves === 'matrix' && paired ? TILES.matrix : TILES.f16
  return packable ? TILES.i8 : TILES.workgroup
}
