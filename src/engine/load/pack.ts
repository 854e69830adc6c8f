// Writes a loaded model back to a folder, in the formats its weights have on the GPU and without padding.
// Loading that folder then needs no conversion.
import type { Device } from '../../gpu/device.ts'
import { readBuffer } from '../../gpu/readback.ts'
import { throwIfAborted } from '../../lib/error.ts'
import { isJsonObject } from '../../lib/json.ts'
import { objectText } from '../../lib/json-text.ts'
import { packedConfig } from '../../models/describe-quantization.ts'
import { fp8BlockOf } from '../../models/quantization-fields.ts'
import { moduleOf, packedScheme, SCHEMES } from '../../models/stored-names.ts'
import type { ModelWriter } from '../../store/writer.ts'
import { type Checkpoint, CONFIG_FILE, configText } from '../../weights/checkpoint.ts'
import { rowPlacement, scalePlacement } from '../../weights/matrix-writer.ts'
import { textFiles } from '../../weights/model-files.ts'
import { layOutShard, type ShardTensor } from '../../weights/shards.ts'
import { arrayShape, bytesPerLine, type StoredArray, storedLayout } from '../../weights/stored-layout.ts'
import type { StreamOptions } from '../../weights/stream.ts'
import { type LinePlacement, withoutPadding } from '../../weights/tensor-writer.ts'
import { SINGLE_WEIGHTS_FILE } from '../../weights/weight-files.ts'
import type { AllocatedModel } from './allocate.ts'
import type { WeightPlacement } from './allocate-weights.ts'
import { GRIDS } from './find-scaled.ts'

/** Where the lines of a tensor lie on the GPU. */
interface LinesOnGpu {
  readonly start: number // its first line, in the numbering of `placements`
  readonly strideBytes: number
  readonly placements: readonly LinePlacement[]
}

interface PackedTensor extends ShardTensor, LinesOnGpu {
  readonly lines: StoredArray
}

/** Bytes read back from the GPU at a time. */
const READ_BYTES = 2 ** 23

export interface PackOptions extends StreamOptions {
  /** Takes the files. */
  readonly writer: ModelWriter
}

/**
 * Writes the folder of a loaded model. The folder becomes visible only when it is complete.
 * Throws the errors of the writer.
 */
export async function packModel(
  device: Device,
  { weights, quantize, runtime }: AllocatedModel,
  { source, config }: Checkpoint,
  { writer, signal, onProgress }: PackOptions,
): Promise<void> {
  try {
    for (const path of await textFiles(source, signal)) {
      await writer.write(path, 0, await source.read(path, 0, await source.size(path, signal), signal))
    }
    const quantization_config = packedConfig(fp8BlockOf(runtime.spec.quantization) ?? GRIDS.matrix, quantize)
    const { quantization: _, ...rest } = isJsonObject(config) ? config : {} // MLX's own key
    const changed = objectText({ ...rest, quantization_config }, await configText(source, signal))
    await writer.write(CONFIG_FILE, 0, new TextEncoder().encode(changed))
    const {
      file,
      header,
      tensors,
      bytes: totalBytes,
    } = layOutShard(SINGLE_WEIGHTS_FILE, tensorsOf(weights.placement))
    await writer.write(file, 0, header)
    for (const { tensor, start } of tensors) {
      await readTensor(device, tensor, async (chunk, at) => {
        throwIfAborted(signal)
        await writer.write(file, start + at, chunk)
        const bytes = start + at + chunk.length
        onProgress?.({ file, bytes, totalBytes, fileBytes: bytes, fileTotalBytes: totalBytes })
      })
    }
    await writer.commit({ signal })
  } finally {
    await writer.cancel()
  }
}

/** Matrices with their scales, named as `findStoredMatrices` expects them, and vectors in f32. */
function tensorsOf({ matrices, vectors }: WeightPlacement): PackedTensor[] {
  const tensors: PackedTensor[] = []
  const add = (name: string, lines: StoredArray, onGpu: LinesOnGpu, shape = arrayShape(lines)) =>
    tensors.push({
      name,
      dtype: lines.dtype,
      shape,
      bytes: lines.lines * bytesPerLine(lines),
      lines,
      ...onGpu,
    })
  for (const { layout, storedMatrices, placements } of matrices) {
    for (const [index, matrix] of storedMatrices.entries()) {
      const { name, storedLayout: stored } = matrix
      const { rows, scales } = storedLayout(layout, stored.rows)
      const start = layout.starts[index] ?? 0
      add(name, rows, {
        start,
        strideBytes: layout.stride * 16,
        placements: placements.map(rowPlacement),
      })
      if (!scales) continue
      const isGrid = matrix.kind === 'fp8' && layout.format === 'fp8_block' && layout.block.rows > 1
      const scheme = isGrid ? 'scale_inv' : packedScheme(layout.format)
      const strideBytes = layout.scaleStride * 4
      add(`${moduleOf(name)}.${SCHEMES[scheme].scales}`, scales, {
        start: start / layout.block.rows,
        strideBytes,
        placements: placements.map(scalePlacement(layout)),
      })
    }
  }
  for (const { name, length, buffer, first } of vectors) {
    const lines: StoredArray = { dtype: 'F32', lines: length, width: 1 }
    const placement = { firstLine: 0, lines: length, buffer, offset: first * 4 }
    add(name, lines, { start: 0, strideBytes: 4, placements: [placement] }, [length])
  }
  return tensors
}

/** Reads a tensor from the GPU in blocks of lines, without padding. `at` is the byte within the tensor. */
async function readTensor(
  device: Device,
  { lines, strideBytes, start, placements }: PackedTensor,
  sink: (bytes: Uint8Array, at: number) => Promise<void>,
): Promise<void> {
  const width = bytesPerLine(lines)
  const maxLines = Math.max(1, Math.floor(READ_BYTES / strideBytes))
  for (const { firstLine, lines: partLines, buffer, offset } of placements) {
    const end = Math.min(start + lines.lines, firstLine + partLines)
    for (let first = Math.max(start, firstLine); first < end; first += maxLines) {
      const count = Math.min(maxLines, end - first)
      const at = offset + (first - firstLine) * strideBytes
      const padded = new Uint8Array(await readBuffer(device, buffer, count * strideBytes, at))
      await sink(withoutPadding(padded, strideBytes, width), (first - start) * width)
    }
  }
}
