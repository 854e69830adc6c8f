// Contracts of grouped-query attention (GQA) in shaders/attention, and of MLA with expanded keys and values.
import { defineKernel, read, uniform, write } from '../gpu/kernel.ts'
import type { Variants } from '../gpu/variants.ts'

/** Largest head sizes that the GQA kernels have registers and workgroup memory for. */
export const MAX_HEAD_SIZES = { key: 256, value: 256 } as const

const MAX_TILE_HEADS = 8 // heads that a workgroup of gqa_tile has registers for
const MAX_QUERY_NUMBERS = 1024 // query numbers that fit its workgroup memory

/** A module of the slot `gqaTile`, and how it divides the heads of a group. */
export interface GqaTiles {
  readonly module: string
  readonly headsPerWorkgroup: number // heads per workgroup: HEAD_TILE
  readonly workgroupsPerGroup: number // workgroups per group
}

/** The plain variant: as many heads per workgroup as fit. */
export function plainGqaTiles(group: number, key: number): GqaTiles {
  const workgroupsPerGroup = Math.ceil(group / Math.min(MAX_TILE_HEADS, Math.floor(MAX_QUERY_NUMBERS / key)))
  return {
    module: 'attention/gqa_tile',
    headsPerWorkgroup: Math.ceil(group / workgroupsPerGroup),
    workgroupsPerGroup,
  }
}

/**
 * How `gqa_decode` divides the heads of a group among workgroups. A single head has nothing to broadcast.
 * @param group query heads per KV head
 * @param key columns of a key
 */
export function chooseGqaTiles(
  group: number,
  key: number,
  { attention }: Pick<Variants, 'attention'>,
): GqaTiles {
  if (attention === 'workgroup') return plainGqaTiles(group, key)
  if (group === 1)
    return { module: 'attention/gqa_tile_subgroup_broadcast_1', headsPerWorkgroup: 1, workgroupsPerGroup: 1 }
  return {
    module: BROADCAST_MODULES[attention],
    headsPerWorkgroup: 16,
    workgroupsPerGroup: Math.ceil(group / 16),
  }
}

const BROADCAST_MODULES = {
  broadcast4: 'attention/gqa_tile_subgroup_broadcast_4',
  broadcast8: 'attention/gqa_tile_subgroup_broadcast_8',
} as const

const step = uniform('Step')
const pages = read('u32')
const cache = read('u32')
const query = read('vec2<f32>')
const output = write('vec2<f32>')
const SIZES = ['HEADS', 'KV_HEADS', 'KEY', 'VALUE'] as const

export const gqaWrite = defineKernel({
  path: 'attention/gqa_write',
  bindings: {
    step,
    projected: read('f32'),
    bias: read('f32'),
    query_norm: read('f32'),
    key_norm: read('f32'),
    rotations: read('vec2<f32>'),
    pages,
    query: write('f32'),
    cache: write('u32'),
  },
  constants: [
    ...SIZES,
    'ROPE',
    'PROJECTED_STRIDE',
    'K_OFFSET',
    'V_OFFSET',
    'HAS_BIAS',
    'HAS_NORM',
    'EPSILON',
    'ROPE_INTERLEAVED',
    'WORKGROUP',
  ],
})

/** The same as `gqaWrite` for keys and values that were expanded from latents. */
export const mlaWriteExpanded = defineKernel({
  path: 'attention/mla_write_expanded',
  bindings: {
    step,
    projected: read('f32'),
    source: read('f32'),
    expanded: read('f32'),
    rotations: read('vec2<f32>'),
    pages,
    query: write('f32'),
    cache: write('u32'),
  },
  constants: [
    'HEADS',
    'KV_HEADS',
    'NOPE',
    'ROPE',
    'VALUE',
    'PROJECTED_STRIDE',
    'Q_STRIDE',
    'K_OFFSET',
    'ROPE_INTERLEAVED',
    'WORKGROUP',
  ],
})

export const gqaDecode = defineKernel({
  path: 'attention/gqa_decode',
  bindings: { step, query, pages, cache, output: write('vec2<f32>') },
  constants: [...SIZES, 'HEAD_TILE', 'SPLITS', 'SCALE'],
})

export const gqaCombine = defineKernel({
  path: 'attention/gqa_combine',
  bindings: { step, partial: read('vec2<f32>'), output },
  constants: ['HEADS', 'VALUE', 'SPLITS', 'WORKGROUP'],
})

export const gqaPrefill = defineKernel({
  path: 'attention/gqa_prefill',
  bindings: { step, query, pages, cache, output },
  constants: [...SIZES, 'SCALE'],
  slicedAlong: 'y',
})
