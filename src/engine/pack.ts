// Answers: how does a loaded model become a folder of files again? Its weights as they lie on the GPU, without padding, so that the next load
// reads them as they are. It must not know where the folder is, nor how weights were quantised.
import type { Device } from '../gpu/device.ts'
import { sameStorage } from '../gpu/matrix.ts'
import { readBuffer } from '../gpu/readback.ts'
import { throwIfAborted } from '../lib/error.ts'
import { isRecord } from '../lib/record.ts'
import { packedConfig } from '../models/describe-quantization.ts'
import { groupsName } from '../models/names.ts'
import type { ModelWriter } from '../store/writer.ts'
import { type Checkpoint, configPath, singlePath } from '../weights/checkpoint.ts'
import { rowsOf, scalesOf } from '../weights/matrix-writer.ts'
import { textFiles } from '../weights/model-files.ts'
import { layOut, type ShardTensor } from '../weights/shards.ts'
import { lineBytes, type StoredLines, shapeOf, storedForm } from '../weights/stored-form.ts'
import type { StreamOptions } from '../weights/stream.ts'
import type { LinePlace } from '../weights/tensor-writer.ts'
import type { Allocated } from './allocate.ts'
import type { Contents } from './prepare.ts'

/** Where a tensor's lines lie. */
interface LinesOnGpu {
  readonly start: number // its first line, as `places` count them
  readonly strideBytes: number
  readonly places: readonly LinePlace[]
}

interface PackedTensor extends ShardTensor, LinesOnGpu {
  readonly lines: StoredLines
}

const READ_BYTES = 2 ** 23

/** Writes the folder of a model that has been filled, if somebody takes it; nobody sees it before it is complete. Errors: those of the writer. */
export async function packModel(
  device: Device,
  { model, quantize, runtime }: Allocated,
  { source, config }: Checkpoint,
  writer: ModelWriter | undefined,
  { signal, onProgress }: StreamOptions,
): Promise<void> {
  if (!writer) return
  try {
    for (const path of await textFiles(source, signal)) {
      await writer.write(path, 0, await source.read(path, 0, await source.size(path, signal), signal))
    }
    const quantization_config = packedConfig(runtime.spec.block, quantize)
    await writer.write(configPath, 0, json({ ...(isRecord(config) ? config : {}), quantization_config }))
    const { file, header, tensors, bytes: totalBytes } = layOut(singlePath, tensorsOf(model.contents))
    await writer.write(file, 0, header)
    for (const { tensor, start } of tensors) {
      await eachPiece(device, tensor, async (piece, at) => {
        throwIfAborted(signal)
        await writer.write(file, start + at, piece)
        const bytes = start + at + piece.length
        onProgress?.({ file, bytes, totalBytes, fileBytes: bytes, fileTotalBytes: totalBytes })
      })
    }
    await writer.commit({ signal })
  } finally {
    await writer.cancel()
  }
}

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

/** Matrices with their scales, as `findPieces` looks for them; vectors in f32. */
function tensorsOf({ matrices, vectors }: Contents): PackedTensor[] {
  const tensors: PackedTensor[] = []
  const add = (name: string, lines: StoredLines, from: LinesOnGpu, shape = shapeOf(lines)) =>
    tensors.push({ name, dtype: lines.dtype, shape, bytes: lines.lines * lineBytes(lines), lines, ...from })
  for (const { layout, pieces, places } of matrices) {
    for (const [index, { weight, scale, stored }] of pieces.entries()) {
      const { rows, scales } = storedForm(layout, stored.rows)
      const start = layout.starts[index] ?? 0
      add(weight.name, rows, { start, strideBytes: layout.stride * 16, places: places.map(rowsOf) })
      if (!scales) continue
      const name = scale && sameStorage(stored, layout) ? scale.name : groupsName(weight.name)
      const strideBytes = layout.scaleStride * 4
      add(name, scales, {
        start: start / layout.block.rows,
        strideBytes,
        places: places.map(scalesOf(layout)),
      })
    }
  }
  for (const { entry, buffer, first } of vectors) {
    const lines: StoredLines = { dtype: 'F32', lines: entry.shape[0] ?? 0, width: 1 }
    const place = { firstLine: 0, lines: lines.lines, buffer, offset: first * 4 }
    add(entry.name, lines, { start: 0, strideBytes: 4, places: [place] }, entry.shape)
  }
  return tensors
}

/** Reads a tensor's lines from the GPU, some MiB at a time, and hands them on without their padding. `at`: bytes of the tensor. */
async function eachPiece(
  device: Device,
  { lines, strideBytes, start, places }: PackedTensor,
  sink: (bytes: Uint8Array, at: number) => Promise<void>,
): Promise<void> {
  const width = lineBytes(lines)
  const most = Math.max(1, Math.floor(READ_BYTES / strideBytes))
  for (const { firstLine, lines: there, buffer, offset } of places) {
    const end = Math.min(start + lines.lines, firstLine + there)
    for (let first = Math.max(start, firstLine); first < end; first += most) {
      const count = Math.min(most, end - first)
      const at = offset + (first - firstLine) * strideBytes
      const padded = new Uint8Array(await readBuffer(device, buffer, count * strideBytes, at))
      await sink(cutLines(padded, strideBytes, width), (first - start) * width)
    }
  }
}

function cutLines(padded: Uint8Array, strideBytes: number, width: number): Uint8Array {
  if (strideBytes === width) return padded
  const count = padded.length / strideBytes
  const lines = new Uint8Array(count * width)
  for (let i = 0; i < count; i++)
    lines.set(padded.subarray(i * strideBytes, i * strideBytes + width), i * width)
  return lines
}
