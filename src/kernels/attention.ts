// Contracts of multi-head latent attention (MLA) in shaders/attention, and the tile modules of attention.
import { defineKernel, read, uniform, write } from '../gpu/kernel.ts'
import type { Variants } from '../gpu/variants.ts'

/** Heads per workgroup of `mla_decode`; each KV entry is read once for all of them. */
export const latentHeadTile = 16

/**
 * Modules of the slots `prefillTile` and `mlaTile`, and the query rows per workgroup of the former (TILE in
 * the shader).
 */
export interface AttentionTiles {
  readonly prefill: string
  readonly attend: string
  readonly rows: number
}

const ATTENTION_TILES = {
  workgroup: { prefill: 'attention/prefill_tile', attend: 'attention/attend_tile', rows: 32 },
  spread_4: { prefill: 'attention/prefill_spread_4', attend: 'attention/attend_spread_4', rows: 16 },
  spread_8: { prefill: 'attention/prefill_spread_8', attend: 'attention/attend_spread_8', rows: 16 },
} as const satisfies Record<string, AttentionTiles>

/** How attention is divided into tiles of rows that attend to the same keys. */
export const chooseAttentionTiles = ({ attention }: Pick<Variants, 'attention'>): AttentionTiles =>
  ATTENTION_TILES[attention]

/** Largest sizes that the MLA kernels have registers for: numbers of a KV entry, columns of a value. */
export const attentionLimits = { record: 576, value: 256 } as const

const MATRIX = ['STRIDE', 'SCALES', 'SCALE_STRIDE', 'BLOCK_ROWS', 'BLOCK_COLS'] as const
const ENTRY = ['P_STRIDE', 'KV_OFFSET', 'LATENT', 'ROPE', 'EPSILON'] as const
const step = uniform('Step')
const block = uniform('Block', true)
const rotations = read('vec2<f32>', '[256 + n, ROPE / 2]')
const pages = read('u32', '[pages]')
const cache = read('u32', '[rows, KV_ENTRY]')
const kvEntries = write('u32', '[rows, KV_ENTRY]')
const projected = read('f32', '[tokens, P_STRIDE]')
const latentNorm = read('f32', '[LATENT]')
const weights = read('vec4<u32>', '[HEADS * (NOPE + VALUE), LATENT]')
const absorbed = '[tokens, HEADS * (LATENT + ROPE)]'
const partial = '[tokens, HEADS, SPLITS, LATENT + 2]'
const expanded = '[BLOCK, HEADS * (NOPE + VALUE)]'
const output = write('f32', '[tokens, HEADS * VALUE]')

export const latentWrite = defineKernel({
  path: 'attention/latent_write',
  bindings: {
    step,
    projected,
    latent_norm: latentNorm,
    rotations,
    pages,
    cache: kvEntries,
  },
  constants: [...ENTRY, 'HALF_SPLIT', 'PAGED', 'WORKGROUP'],
  slots: ['reduce', 'pack'],
})

export const ropeQuery = defineKernel({
  path: 'attention/rope_query',
  bindings: { step, rotations, query: write('f32', '[tokens, Q_STRIDE]') },
  constants: ['HEADS', 'NOPE', 'ROPE', 'Q_OFFSET', 'Q_STRIDE', 'HALF_SPLIT', 'WORKGROUP'],
})

export const latentEnter = defineKernel({
  path: 'attention/latent_enter',
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
    'HALF_SPLIT',
    'WORKGROUP',
  ],
  slots: ['weights', 'reduce', 'pack'],
})

export const latentAttend = defineKernel({
  path: 'attention/latent_attend',
  bindings: {
    step,
    absorbed: read('vec2<f32>', absorbed),
    pages,
    cache,
    output: write('vec2<f32>', partial),
  },
  constants: ['HEADS', 'LATENT', 'ROPE', 'SPLITS', 'SCALE'],
  slots: ['cache', 'attend'],
})

export const latentMerge = defineKernel({
  path: 'attention/latent_merge',
  bindings: { step, partial: read('vec2<f32>', partial), weights, output },
  constants: ['HEADS', 'NOPE', 'VALUE', 'LATENT', 'SPLITS', ...MATRIX, 'WORKGROUP'],
  slots: ['weights'],
})

export const expandLatent = defineKernel({
  path: 'attention/expand_latent',
  bindings: { step, block, pages, cache, weights, expanded: write('f32', expanded) },
  constants: ['HEADS', 'NOPE', 'VALUE', 'LATENT', 'ROPE', 'BLOCK', ...MATRIX],
  slots: ['weights', 'cache', 'products'],
})

export const attendPrefill = defineKernel({
  path: 'attention/attend_prefill',
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
    'HALF_SPLIT',
  ],
  slots: ['cache', 'prefill'],
})
