// Answers: which buffers carry state from step to step? All of them made once, before the first token.
// It must not know when they are written.
import { allocatedBytes, type USAGE } from '../gpu/arena.ts'
import type { Device } from '../gpu/device.ts'
import { nowhere, padTo } from '../gpu/matrix.ts'
import { STEP_BYTES } from '../kernels/step.ts'
import { BLOCK } from '../models/latent.ts'
import { ROTATION_STEP, rotationTable } from '../models/rotary.ts'
import type { ModelSpec } from '../models/spec.ts'
import { type Resource, resource } from '../program/graph.ts'
import { BLOCK_STRIDE } from '../program/program.ts'
import { PAGE_TOKENS } from './kv-cache.ts'
import { MOST_BIASES } from './sampling.ts'

/** Bytes of a sampling result: id, draw, log-probabilities (shaders/sample). */
export const RESULT_BYTES = 256

export type StateName =
  | 'step' // 64 bytes: the only thing a replayed step rewrites
  | 'blocks' // block index i at byte 256·i
  | 'prompt' // ids of a prefill chunk
  | 'token' // the id that decode reads next; sampling writes it
  | 'pages' // page table of the session that runs
  | 'rotations'
  | 'logits' // [vocab] of the last row
  | 'adjusted' // [vocab] after penalties and biases
  | 'counts'
  | 'biases'
  | 'result'
  | 'noBias' // zeros

export type State = Readonly<Record<StateName, GPUBuffer>>

/** The same buffers as what a graph reads and writes. */
export type StateResources = Readonly<Record<StateName, Resource>>

const UNIFORMS: ReadonlySet<string> = new Set<StateName>(['step', 'blocks'])

/** Bytes of each, in the order in which they are made. @param context most tokens of a session; @param chunk most rows of a prefill step */
function sizesOf(spec: ModelSpec, context: number, chunk: number): Readonly<Record<StateName, number>> {
  const pairs = spec.attention.rotary.frequencies.length
  const vocabBytes = padTo(spec.vocab, 16) * 4
  return {
    step: STEP_BYTES,
    blocks: Math.ceil(context / BLOCK) * BLOCK_STRIDE,
    prompt: chunk * 4,
    token: 4,
    pages: Math.ceil(context / PAGE_TOKENS) * 4,
    rotations: (ROTATION_STEP + Math.ceil(context / ROTATION_STEP)) * pairs * 8,
    logits: vocabBytes,
    adjusted: vocabBytes,
    counts: spec.vocab * 4,
    biases: MOST_BIASES * 8,
    result: RESULT_BYTES,
    noBias: 512 * 4,
  }
}

/** What `prepareState` would take, and the state as a graph sees it, with no buffer behind it. */
export function planState(spec: ModelSpec, context: number, chunk: number) {
  const sizes = sizesOf(spec, context, chunk)
  const bytes = Object.values(sizes).reduce((sum, size) => sum + allocatedBytes(size), 0)
  return { bytes, resources: each(sizes, () => resource(nowhere)) }
}

/** Allocates the state and writes what never changes. */
export function prepareState(device: Device, spec: ModelSpec, context: number, chunk: number): State {
  const sizes = sizesOf(spec, context, chunk)
  const state = each(sizes, (bytes, name) => {
    const usage: keyof typeof USAGE = UNIFORMS.has(name) ? 'uniform' : 'storage'
    return device.arena.allocate('state', name, bytes, usage).buffer
  })
  const { queue } = device.gpu
  queue.writeBuffer(state.rotations, 0, rotationTable(spec.attention.rotary, context))
  const indices = new Uint32Array(sizes.blocks / 4)
  for (let block = 0; block * BLOCK_STRIDE < sizes.blocks; block++)
    indices[(block * BLOCK_STRIDE) / 4] = block
  queue.writeBuffer(state.blocks, 0, indices)
  return state
}

export const stateResources = (state: State): StateResources => each(state, (buffer) => resource(buffer))

function each<T, U>(
  all: Readonly<Record<StateName, T>>,
  become: (value: T, name: StateName) => U,
): Record<StateName, U> {
  const entries = Object.entries(all).map(([name, value]) => [name, become(value, name as StateName)])
  return Object.fromEntries(entries) as Record<StateName, U>
}
