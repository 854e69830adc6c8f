// Contracts of grouped-query attention (GQA) in shaders/attention, and of MLA with expanded keys and values.
import { defineKernel, read, uniform, write } from '../gpu/kernel.ts'
import type { Variants } from '../gpu/variants.ts'

/** Largest head sizes that the GQA kernels have registers and workgroup memory for. */
export const headLimits = { key: 256, value: 256 } as const

const MAX_TILE_HEADS = 8 // heads that a workgroup of gqa_tile has registers for
const MAX_QUERY_NUMBERS = 1024 // query numbers that fit its workgroup memory

/** A module of the slot `gqaTile`, and how it divides the heads of a group. */
export interface HeadTiles {
  readonly module: string
  readonly tile: number // heads per workgroup: HEAD_TILE
  readonly count: number // workgroups per group
}

/** The plain variant: as many heads per workgroup as fit. */
export function plainHeadTiles(group: number, key: number): HeadTiles {
  const count = Math.ceil(group / Math.min(MAX_TILE_HEADS, Math.floor(MAX_QUERY_NUMBERS / key)))
  return { module: 'attention/members_tile', tile: Math.ceil(group / count), count }
}

/**
 * How `gqa_decode` divides the heads of a group among workgroups. A single head has nothing to broadcast.
 * @param group query heads per KV head
 * @param key columns of a key
 */
export function chooseHeadTiles(
  group: number,
  key: number,
  { attention }: Pick<Variants, 'attention'>,
): HeadTiles {
  if (attention === 'workgroup') return plainHeadTiles(group, key)
  if (group === 1) return { module: 'attention/members_spread_1', tile: 1, count: 1 }
  return { module: BROADCAST_MODULES[attention], tile: 16, count: Math.ceil(group / 16) }
}

const BROADCAST_MODULES = {
  spread_4: 'attention/members_spread_4',
  spread_8: 'attention/members_spread_8',
} as const

const step = uniform('Step')
const pages = read('u32', '[pages]')
const cache = read('u32', '[rows, KV_ENTRY]')
const query = read('vec2<f32>', '[tokens, HEADS * KEY]')
const output = write('vec2<f32>', '[tokens, HEADS * VALUE]')
const partial = '[tokens, HEADS, SPLITS, VALUE + 2]'
const SIZES = ['HEADS', 'KV_HEADS', 'KEY', 'VALUE'] as const

export const headsWrite = defineKernel({
  path: 'attention/heads_write',
  bindings: {
    step,
    projected: read('f32', '[tokens, P_STRIDE]'),
    bias: read('f32', '[(HEADS + KV_HEADS) * KEY + KV_HEADS * VALUE]'),
    query_norm: read('f32', '[KEY]'),
    key_norm: read('f32', '[KEY]'),
    rotations: read('vec2<f32>', '[256 + n, ROPE / 2]'),
    pages,
    query: write('f32', '[tokens, HEADS * KEY]'),
    cache: write('u32', '[rows, KV_ENTRY]'),
  },
  constants: [
    ...SIZES,
    'ROPE',
    'P_STRIDE',
    'K_OFFSET',
    'V_OFFSET',
    'BIASED',
    'NORMED',
    'EPSILON',
    'HALF_SPLIT',
    'WORKGROUP',
  ],
  slots: ['reduce', 'cache'],
})

/** The same as `gqaWrite` for keys and values that were expanded from latents. */
export const expandedWrite = defineKernel({
  path: 'attention/expanded_write',
  bindings: {
    step,
    projected: read('f32', '[tokens, P_STRIDE]'),
    source: read('f32', '[tokens, Q_STRIDE]'),
    expanded: read('f32', '[tokens, KV_HEADS * (NOPE + VALUE)]'),
    rotations: read('vec2<f32>', '[256 + n, ROPE / 2]'),
    pages,
    query: write('f32', '[tokens, HEADS * (NOPE + ROPE)]'),
    cache: write('u32', '[rows, KV_ENTRY]'),
  },
  constants: [
    'HEADS',
    'KV_HEADS',
    'NOPE',
    'ROPE',
    'VALUE',
    'P_STRIDE',
    'Q_STRIDE',
    'K_OFFSET',
    'HALF_SPLIT',
    'WORKGROUP',
  ],
  slots: ['cache'],
})

export const headsAttend = defineKernel({
  path: 'attention/heads_attend',
  bindings: { step, query, pages, cache, output: write('vec2<f32>', partial) },
  constants: [...SIZES, 'HEAD_TILE', 'SPLITS', 'SCALE'],
  slots: ['cache', 'members'],
})

export const headsMerge = defineKernel({
  path: 'attention/heads_merge',
  bindings: { step, partial: read('vec2<f32>', partial), output },
  constants: ['HEADS', 'VALUE', 'SPLITS', 'WORKGROUP'],
})

export const headsPrefill = defineKernel({
  path: 'attention/heads_prefill',
  bindings: { step, query, pages, cache, output },
  constants: [...SIZES, 'SCALE'],
  slots: ['cache', 'prefill'],
})
