// Writes folders in MLX's layout into memory, and hashes what loading them puts on the GPU.
import { createHash } from 'node:crypto'
import sources from 'virtual:shaders'
import { allocateWeights } from '../../src/engine/load/allocate-weights.ts'
import { fillWeights } from '../../src/engine/load/fill.ts'
import { planUnlimited, specFromConfig } from '../../src/engine/load/plan.ts'
import type { QuantizeChoice } from '../../src/engine/load/quantization.ts'
import { resolveTensors } from '../../src/engine/load/resolve-tensors.ts'
import { openConfigured } from '../../src/engine/load/user-config.ts'
import { planWeights } from '../../src/engine/load/weight-plan.ts'
import { planMlxFolder, writeMlxFolder } from '../../src/engine/write/mlx-folder.ts'
import { openDevice } from '../../src/gpu/device.ts'
import { PipelineCache } from '../../src/gpu/kernel.ts'
import { type BufferRange, readBuffers } from '../../src/gpu/readback.ts'
import type { FolderWriter } from '../../src/weights/folder-writer.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { type AdapterCase, persistentGpu } from './adapter.ts'
import type { ModelFiles } from './folder.ts'

/** A folder in memory. A file appears in `files` when it is finished. */
export function memoryFolder(): FolderWriter & { readonly files: ModelFiles } {
  const open = new Map<string, Uint8Array[]>()
  const files: ModelFiles = {}
  return {
    files,
    async write(path, at, bytes) {
      const before = open.get(path)?.[0] ?? new Uint8Array()
      const file = new Uint8Array(Math.max(before.length, at + bytes.length))
      file.set(before)
      file.set(bytes, at)
      open.set(path, [file])
    },
    async finish(path) {
      files[path] = open.get(path)?.[0] ?? new Uint8Array()
    },
    async discard() {},
  }
}

export interface WriteCase {
  readonly quantize: QuantizeChoice
  readonly adapter: AdapterCase
  readonly maxShardBytes?: number
  readonly signal?: AbortSignal
  readonly onProgress?: () => void
}

/** Writes the model of some files into MLX's layout. */
export async function writeInMemory(
  files: ModelFiles,
  { quantize, adapter, signal, onProgress, ...options }: WriteCase,
) {
  const checkpoint = await openConfigured(openMemory(files), {})
  const folder = await planMlxFolder(planUnlimited(checkpoint, quantize), options)
  const writer = memoryFolder()
  const openGpu = async () => openDevice(await persistentGpu(adapter.match), adapter.options)
  await writeMlxFolder(folder, writer, { openGpu, signal, onProgress })
  return { files: writer.files, notices: folder.notices, paths: folder.paths }
}

/** Hashes of all weights on the GPU, by matrix or vector, as loading with `quantize` puts them there. */
export async function gpuWeights(files: ModelFiles, { quantize, adapter }: WriteCase) {
  const device = await openDevice(await persistentGpu(adapter.match), adapter.options)
  const checkpoint = await openConfigured(openMemory(files), {})
  const spec = specFromConfig(checkpoint)
  const plan = planWeights(spec, resolveTensors(spec, checkpoint), device.capabilities, quantize)
  const weights = await allocateWeights({ device, pipelines: new PipelineCache(device, sources) }, plan)
  await fillWeights(device, weights, checkpoint, {})
  const { matrices, vectors } = weights.placement
  const found: Record<string, string> = {}
  const add = async (name: string, ranges: readonly BufferRange[]) => {
    const hash = createHash('sha256')
    for (const bytes of await readBuffers(device, ranges)) hash.update(new Uint8Array(bytes))
    found[name] = hash.digest('hex')
  }
  for (const { storedMatrices, placements } of matrices) {
    const ranges = placements.map(({ part, buffer, offset }) => ({
      source: buffer,
      bytes: part.bytes,
      offset,
    }))
    await add(storedMatrices.map(({ name }) => name).join(), ranges)
  }
  for (const { name, length, buffer, first } of vectors)
    await add(name, [{ source: buffer, bytes: length * 4, offset: first * 4 }])
  return found
}
