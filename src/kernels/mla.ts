// Contracts of multi-head latent attention (MLA) in shaders/attention, and the tile modules of attention.
import { defineKernel, read, uniform, write } from '../gpu/kernel.ts'
import type { Variants } from '../gpu/variants.ts'

/** Heads per workgroup of `mla_decode`; each KV entry is read once for all of them. */
export const MLA_HEAD_TILE = 16

/**
 * Modules of the slots `prefillTile` and `mlaTile`, and the query rows per workgroup of the former (TILE in
 * the shader).
 */
export interface AttentionTiles {
  readonly prefillTile: string
  readonly mlaTile: string
  readonly rows: number
}

const ATTENTION_TILES = {
  workgroup: { prefillTile: 'attention/prefill_tile', mlaTile: 'attention/mla_tile', rows: 32 },
  broadcast4: {
    prefillTile: 'attention/prefill_tile_subgroup_broadcast_4',
    mlaTile: 'attention/mla_tile_subgroup_broadcast_4',
    rows: 16,
  },
  broadcast8: {
    prefillTile: 'attention/prefill_tile_subgroup_broadcast_8',
    mlaTile: 'attention/mla_tile_subgroup_broadcast_8',
    rows: 16,
  },
} as const satisfies Record<string, AttentionTiles>

/** How attention is divided into tiles of rows that attend to the same keys. */
export const chooseAttentionTiles = ({ attention }: Pick<Variants, 'attention'>): AttentionTiles =>
  ATTENTION_TILES[attention]

/** Largest sizes that the MLA kernels have registers for: numbers of a KV entry, columns of a value. */
export const MAX_MLA_SIZES = { kvEntry: 576, value: 256 } as const

const MATRIX = ['STRIDE', 'SCALES', 'SCALE_STRIDE', 'BLOCK_ROWS', 'BLOCK_COLS'] as const
const ENTRY = ['PROJECTED_STRIDE', 'KV_OFFSET', 'LATENT', 'ROPE', 'EPSILON'] as const
const step = uniform('Step')
const block = uniform('Block', true)
const rotations = read('vec2<f32>', '[256 + n, ROPE / 2]')
const pages = read('u32', '[pages]')
const cache = read('u32', '[rows, KV_ENTRY]')
const kvEntries = write('u32', '[rows, KV_ENTRY]')
const projected = read('f32', '[tokens, PROJECTED_STRIDE]')
const latentNorm = read('f32', '[LATENT]')
const weights = read('vec4<u32>', '[HEADS * (NOPE + VALUE), LATENT]')
const absorbed = '[tokens, HEADS * (LATENT + ROPE)]'
const partial = '[tokens, HEADS, SPLITS, LATENT + 2]'
const expanded = '[BLOCK, HEADS * (NOPE + VALUE)]'
const output = write('f32', '[tokens, HEADS * VALUE]')

export const mlaWrite = defineKernel({
  path: 'attention/mla_write',
  bindings: {
    step,
    projected,
    latent_norm: latentNorm,
    rotations,
    pages,
    cache: kvEntries,
  },
  constants: [...ENTRY, 'ROPE_INTERLEAVED', 'PAGED', 'WORKGROUP'],
  slots: ['reduce', 'pack'],
})

export const ropeQuery = defineKernel({
  path: 'attention/rope_query',
  bindings: { step, rotations, query: write('f32', '[tokens, Q_STRIDE]') },
  constants: ['HEADS', 'NOPE', 'ROPE', 'Q_OFFSET', 'Q_STRIDE', 'ROPE_INTERLEAVED', 'WORKGROUP'],
})

export const mlaAbsorbQ = defineKernel({
  path: 'attention/mla_absorb_q',
  bindings: {
    step,
    projected,
    latent_norm: latentNorm,
    query: read('f32', '[tokens, Q_STRIDE]'),
    weights,
    rotations,
    pages,
    absorbed: write('f32', absorbed),
    cache: kvEntries,
  },
  constants: [
    ...ENTRY,
    'HEADS',
    'NOPE',
    'VALUE',
    ...MATRIX,
    'Q_OFFSET',
    'Q_STRIDE',
    'ROPE_INTERLEAVED',
    'WORKGROUP',
  ],
  slots: ['weights', 'reduce', 'pack'],
})

export const mlaDecode = defineKernel({
  path: 'attention/mla_decode',
  bindings: {
    step,
    absorbed: read('vec2<f32>', absorbed),
    pages,
    cache,
    output: write('vec2<f32>', partial),
  },
  constants: ['HEADS', 'LATENT', 'ROPE', 'SPLITS', 'SCALE'],
  slots: ['cache', 'mlaTile'],
})

export const mlaCombineSplits = defineKernel({
  path: 'attention/mla_combine_splits',
  bindings: { step, partial: read('vec2<f32>', partial), weights, output },
  constants: ['HEADS', 'NOPE', 'VALUE', 'LATENT', 'SPLITS', ...MATRIX, 'WORKGROUP'],
  slots: ['weights'],
})

export const mlaExpandKv = defineKernel({
  path: 'attention/mla_expand_kv',
  bindings: { step, block, pages, cache, weights, expanded: write('f32', expanded) },
  constants: ['HEADS', 'NOPE', 'VALUE', 'LATENT', 'ROPE', 'BLOCK', ...MATRIX],
  slots: ['weights', 'cache', 'tile'],
})

export const mlaPrefill = defineKernel({
  path: 'attention/mla_prefill',
  bindings: {
    step,
    block,
    query: read('vec2<f32>', '[tokens, Q_STRIDE]'),
    expanded: read('vec2<f32>', expanded),
    pages,
    cache,
    output: write('vec2<f32>', '[tokens, HEADS * VALUE]'),
    state: write('vec2<f32>', '[tokens, HEADS, 2]'),
  },
  constants: [
    'HEADS',
    'NOPE',
    'ROPE',
    'VALUE',
    'LATENT',
    'BLOCK',
    'SCALE',
    'Q_OFFSET',
    'Q_STRIDE',
    'ROPE_INTERLEAVED',
  ],
  slots: ['cache', 'prefillTile'],
})
