// Tells models of the same shape apart: a hash of the model's description and of samples of its weights.
import type { LazyBuffer } from '../../gpu/matrix.ts'
import { readBuffers } from '../../gpu/readback.ts'
import { type GpuModel, mapTensors } from '../../models/tensors.ts'
import { digestHex } from '../../store/hash-check.ts'
import type { Runtime } from './runtime.ts'

/** Bytes read from the middle of each buffer. */
const SAMPLE_BYTES = 256

const known = new WeakMap<GpuModel, Promise<string>>()

/**
 * SHA-256 of the spec and of 256 bytes of every buffer of weights, as 64 hex digits; a draft layer is left
 * out. Quantized weights differ from stored ones, and a model from another that was trained further. Computed
 * once.
 */
export function weightsFingerprint(runtime: Runtime): Promise<string> {
  const { tensors } = runtime
  const found = known.get(tensors) ?? compute(runtime)
  known.set(tensors, found)
  found.catch(() => known.delete(tensors))
  return found
}

async function compute({ spec: loaded, tensors, ownPrograms: { device } }: Runtime): Promise<string> {
  const ranges = buffersOf(tensors).map((source) => {
    const bytes = Math.min(SAMPLE_BYTES, source.size)
    return { source, bytes, offset: Math.floor((source.size - bytes) / 8) * 4 }
  })
  const samples = await readBuffers(device, ranges)
  const { draft: _, ...spec } = loaded
  const described = JSON.stringify(spec, (_, value) => (value instanceof Set ? [...value] : value))
  return digestHex(new Uint8Array(await new Blob([described, ...samples]).arrayBuffer()))
}

/** Each buffer of the weights once, in the order of the layers. */
function buffersOf({ draft: _, ...model }: GpuModel): GPUBuffer[] {
  const buffers = new Set<GPUBuffer>()
  const add = (...lazy: readonly LazyBuffer[]) => {
    for (const buffer of lazy) buffers.add(buffer())
  }
  mapTensors(model, {
    matrix: ({ parts }) => add(...parts.map(({ buffer }) => buffer)),
    vector: ({ buffer }) => add(buffer),
    bank: ({ banks }) => add(...banks),
  })
  return [...buffers]
}
