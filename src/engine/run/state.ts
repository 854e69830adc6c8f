// Allocates the buffers that steps use besides weights, activations and KV cache, once per runtime.
import { allocatedBytes, type BUFFER_USAGE } from '../../gpu/arena.ts'
import type { Device } from '../../gpu/device.ts'
import { padTo, unboundBuffer } from '../../gpu/matrix.ts'
import { STEP_BYTES } from '../../kernels/step.ts'
import { PREFILL_BLOCK } from '../../models/mla.ts'
import { computeRotaryTable, ROTARY_TABLE_STEP } from '../../models/rotary.ts'
import type { ModelSpec } from '../../models/spec.ts'
import { type Resource, resource } from '../../program/graph.ts'
import { BLOCK_INDEX_STRIDE } from '../../program/program.ts'
import { PAGE_TOKENS } from './kv-cache.ts'
import { MAX_LOGIT_BIASES, writeMask } from './sampling.ts'

/** Bytes of a sampling result (shaders/sample; decoded by `decodeSampleResult`). */
export const RESULT_BYTES = 256

export type StateName =
  | 'step' // the 64 bytes that every step rewrites
  | 'blocks' // block index i at byte 256·i
  | 'prompt' // ids of a prefill chunk
  | 'token' // the id that the next decode step reads; sampling writes it
  | 'pages' // page table of the session that runs
  | 'rotations' // cos and sin of RoPE
  | 'logits' // f32 [vocab] of the last row
  | 'adjusted' // f32 [vocab] after penalties and biases
  | 'counts' // u32 [vocab]: occurrences in the answer; bit 31: occurs in the prompt
  | 'biases' // pairs of id and logit bias
  | 'mask' // a bit for each id: whether it may be sampled
  | 'result'
  | 'noBias' // zeros, for routers without a correction bias

export type StateBuffers = Readonly<Record<StateName, GPUBuffer>>

/** The same buffers as graph operands. */
export type StateResources = Readonly<Record<StateName, Resource>>

const UNIFORMS: ReadonlySet<string> = new Set<StateName>(['step', 'blocks'])

/**
 * Bytes of each buffer, in the order of allocation.
 * @param context maximum tokens of a session
 * @param chunk maximum rows of a prefill step
 */
function sizesOf(spec: ModelSpec, context: number, chunk: number): Readonly<Record<StateName, number>> {
  const pairs = spec.attention.rotary.frequencies.length
  const vocabBytes = padTo(spec.vocabSize, 16) * 4
  return {
    step: STEP_BYTES,
    blocks: Math.ceil(context / PREFILL_BLOCK) * BLOCK_INDEX_STRIDE,
    prompt: chunk * 4,
    token: 4,
    pages: Math.ceil(context / PAGE_TOKENS) * 4,
    rotations: (ROTARY_TABLE_STEP + Math.ceil(context / ROTARY_TABLE_STEP)) * pairs * 8,
    logits: vocabBytes,
    adjusted: vocabBytes,
    counts: spec.vocabSize * 4,
    biases: MAX_LOGIT_BIASES * 8,
    mask: Math.ceil(spec.vocabSize / 32) * 4,
    result: RESULT_BYTES,
    noBias: 512 * 4,
  }
}

/** The bytes that `allocateState` will use, and graph operands without buffers behind them. */
export function planState(spec: ModelSpec, context: number, chunk: number) {
  const sizes = sizesOf(spec, context, chunk)
  const bytes = Object.values(sizes).reduce((sum, size) => sum + allocatedBytes(size), 0)
  return { bytes, resources: mapValues(sizes, () => resource(unboundBuffer)) }
}

/** Allocates the state and writes its constant parts: block indices and RoPE angles; every id is allowed. */
export function allocateState(device: Device, spec: ModelSpec, context: number, chunk: number): StateBuffers {
  const sizes = sizesOf(spec, context, chunk)
  const state = mapValues(sizes, (bytes, name) => {
    const usage: keyof typeof BUFFER_USAGE = UNIFORMS.has(name) ? 'uniform' : 'storage'
    return device.arena.allocate('state', name, bytes, usage).buffer
  })
  const { queue } = device.gpu
  queue.writeBuffer(state.rotations, 0, computeRotaryTable(spec.attention.rotary, context))
  writeMask(device, state.mask, undefined)
  const indices = new Uint32Array(sizes.blocks / 4)
  for (let block = 0; block * BLOCK_INDEX_STRIDE < sizes.blocks; block++)
    indices[(block * BLOCK_INDEX_STRIDE) / 4] = block
  queue.writeBuffer(state.blocks, 0, indices)
  return state
}

export const stateResources = (state: StateBuffers): StateResources =>
  mapValues(state, (buffer) => resource(buffer))

function mapValues<T, U>(
  values: Readonly<Record<StateName, T>>,
  map: (value: T, name: StateName) => U,
): Record<StateName, U> {
  const entries = Object.entries(values).map(([name, value]) => [name, map(value, name as StateName)])
  return Object.fromEntries(entries) as Record<StateName, U>
}
