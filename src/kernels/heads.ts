// Answers: what are the contracts of attention with keys and values of its own for each group of heads, shaders/attention/heads_* and expanded_write?
// It must not know which models attend so.
import { defineKernel, read, uniform, write } from '../gpu/kernel.ts'
import type { Variants } from '../gpu/variants.ts'

/** The largest sizes of a head that the kernels have registers and workgroup memory for. */
export const headLimits = { key: 256, value: 256 } as const

const MOST_HEADS = 8 // that one workgroup of members_tile has registers for
const QUERY_NUMBERS = 1024 // that its workgroup memory has room for

/** A module of the slot `members`, and how it shares out the heads of a group: `tile` of them (HEAD_TILE) to a workgroup, `count` workgroups a group. */
export interface HeadTiles {
  readonly module: string
  readonly tile: number
  readonly count: number
}

/** As many heads to a workgroup as it has room for. */
export function plainHeadTiles(group: number, key: number): HeadTiles {
  const count = Math.ceil(group / Math.min(MOST_HEADS, Math.floor(QUERY_NUMBERS / key)))
  return { module: 'attention/members_tile', tile: Math.ceil(group / count), count }
}

/**
 * How `heads_attend` serves the heads of a group; a head alone has nothing to broadcast.
 * @param group heads that share a key and a value
 * @param key width of a key
 */
export function chooseHeadTiles(
  group: number,
  key: number,
  { attention }: Pick<Variants, 'attention'>,
): HeadTiles {
  if (attention === 'workgroup') return plainHeadTiles(group, key)
  if (group === 1) return { module: 'attention/members_spread_1', tile: 1, count: 1 }
  return { module: `attention/members_${attention}`, tile: 16, count: Math.ceil(group / 16) }
}

const step = uniform('Step')
const pages = read('u32', '[pages]')
const cache = read('u32', '[rows, RECORD]')
const query = read('vec2<f32>', '[tokens, HEADS * KEY]')
const output = write('vec2<f32>', '[tokens, HEADS * VALUE]')
const partial = '[tokens, HEADS, SPLITS, VALUE + 2]'
const sizes = ['HEADS', 'KV_HEADS', 'KEY', 'VALUE'] as const

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
    cache: write('u32', '[rows, RECORD]'),
  },
  constants: [
    ...sizes,
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

/** The same for keys and values that were expanded from latents. */
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
    cache: write('u32', '[rows, RECORD]'),
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
  constants: [...sizes, 'HEAD_TILE', 'SPLITS', 'SCALE'],
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
  constants: [...sizes, 'SCALE'],
  slots: ['cache', 'prefill'],
})
