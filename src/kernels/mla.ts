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

const MATRIX = ['STRIDE', 'SCALES', 'SCALE_STRIDE', 'BLOCK_ROWS', 'BLOCK_COLS', 'SCALE_TYPE'] as const
const ENTRY = ['PROJECTED_STRIDE', 'KV_OFFSET', 'LATENT', 'ROPE', 'EPSILON'] as const
const step = uniform('Step')
const block = uniform('Block', true)
const rotations = read('vec2<f32>')
const pages = read('u32')
const cache = read('u32')
const kvEntries = write('u32')
const projected = read('f32')
const latentNorm = read('f32')
const weights = read('vec4<u32>')
const output = write('f32')

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
})

export const ropeQuery = defineKernel({
  path: 'attention/rope_query',
  bindings: { step, rotations, query: write('f32') },
  constants: ['HEADS', 'NOPE', 'ROPE', 'Q_OFFSET', 'Q_STRIDE', 'ROPE_INTERLEAVED', 'WORKGROUP'],
})

export const mlaAbsorbQ = defineKernel({
  path: 'attention/mla_absorb_q',
  bindings: {
    step,
    projected,
    latent_norm: latentNorm,
    query: read('f32'),
    weights,
    rotations,
    pages,
    absorbed: write('f32'),
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
})

export const mlaDecode = defineKernel({
  path: 'attention/mla_decode',
  bindings: {
    step,
    absorbed: read('vec2<f32>'),
    pages,
    cache,
    output: write('vec2<f32>'),
  },
  constants: ['HEADS', 'LATENT', 'ROPE', 'SPLITS', 'SCALE'],
})

export const mlaCombineSplits = defineKernel({
  path: 'attention/mla_combine_splits',
  bindings: { step, partial: read('vec2<f32>'), weights, output },
  constants: ['HEADS', 'NOPE', 'VALUE', 'LATENT', 'SPLITS', ...MATRIX, 'WORKGROUP'],
})

export const mlaExpandKv = defineKernel({
  path: 'attention/mla_expand_kv',
  bindings: { step, block, pages, cache, weights, expanded: write('f32') },
  constants: ['HEADS', 'NOPE', 'VALUE', 'LATENT', 'ROPE', 'BLOCK', ...MATRIX],
  slicedAlong: 'x',
})

export const mlaPrefill = defineKernel({
  path: 'attention/mla_prefill',
  bindings: {
    step,
    block,
    query: read('vec2<f32>'),
    expanded: read('vec2<f32>'),
    pages,
    cache,
    output: write('vec2<f32>'),
    state: write('vec2<f32>'),
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
  slicedAlong: 'y',
})
