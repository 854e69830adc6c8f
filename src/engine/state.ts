// Answers: which buffers carry state from step to step? All of them made once, before the first token.
// It must not know when they are written.
import type { Device } from '../gpu/device.ts'
import { padTo } from '../gpu/matrix.ts'
import { STEP_BYTES } from '../kernels/step.ts'
import { BLOCK } from '../models/latent.ts'
import { rotationTable } from '../models/rotary.ts'
import type { ModelSpec } from '../models/spec.ts'
import { PAGE_TOKENS } from './kv-cache.ts'
import { MOST_BIASES } from './sampling.ts'

/** Bytes of a sampling result: id, draw, log-probabilities (shaders/sample). */
export const RESULT_BYTES = 256

export interface State {
  readonly step: GPUBuffer // 64 bytes: the only thing a replayed step rewrites
  readonly blocks: GPUBuffer // block index i at byte 256·i
  readonly prompt: GPUBuffer // ids of a prefill chunk
  readonly token: GPUBuffer // the id that decode reads next; sampling writes it
  readonly pages: GPUBuffer // page table of the session that runs
  readonly rotations: GPUBuffer
  readonly logits: GPUBuffer // [vocab] of the last row
  readonly adjusted: GPUBuffer // [vocab] after penalties and biases
  readonly counts: GPUBuffer
  readonly biases: GPUBuffer
  readonly result: GPUBuffer
  readonly noBias: GPUBuffer // zeros
}

const BLOCK_STRIDE = 256

/** @param contextLength most tokens of a session; @param chunk most rows of a prefill step */
export function prepareState(device: Device, spec: ModelSpec, contextLength: number, chunk: number): State {
  const make = (label: string, bytes: number, usage: 'storage' | 'uniform' = 'storage') =>
    device.arena.allocate('state', label, bytes, usage).buffer
  const { queue } = device.gpu
  const table = rotationTable(spec.attention.rotary, contextLength)
  const rotations = make('rotations', table.byteLength)
  queue.writeBuffer(rotations, 0, table)
  const indices = new Uint32Array((Math.ceil(contextLength / BLOCK) * BLOCK_STRIDE) / 4)
  for (let block = 0; block * BLOCK_STRIDE < indices.byteLength; block++)
    indices[(block * BLOCK_STRIDE) / 4] = block
  const blocks = make('blocks', indices.byteLength, 'uniform')
  queue.writeBuffer(blocks, 0, indices)
  const vocabBytes = padTo(spec.vocab, 16) * 4
  return {
    step: make('step', STEP_BYTES, 'uniform'),
    blocks,
    prompt: make('prompt', chunk * 4),
    token: make('token', 4),
    pages: make('pages', Math.ceil(contextLength / PAGE_TOKENS) * 4),
    rotations,
    logits: make('logits', vocabBytes),
    adjusted: make('adjusted', vocabBytes),
    counts: make('counts', spec.vocab * 4),
    biases: make('biases', MOST_BIASES * 8),
    result: make('result', RESULT_BYTES),
    noBias: make('no bias', 512 * 4),
  }
}
