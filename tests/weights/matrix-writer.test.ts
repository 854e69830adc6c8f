// Tests of the matrix writer: stored rows, scales and vectors land where kernels read them, through a real
// GPU queue.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Device } from '../../src/gpu/device.ts'
import { layoutMatrix, layoutPart, type MatrixLayout, splitMatrix } from '../../src/gpu/matrix.ts'
import { readBuffer } from '../../src/gpu/readback.ts'
import {
  type MatrixTarget,
  type PartPlacement,
  rowWriter,
  scaleCollector,
  vectorWriter,
  writeScales,
} from '../../src/weights/matrix-writer.ts'
import type { Dtype, TensorEntry } from '../../src/weights/safetensors.ts'
import type { TensorWriter } from '../../src/weights/tensor-writer.ts'
import { ADAPTERS, describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { seededRandom } from '../support/numbers.ts'

const makeEntry = (dtype: Dtype, shape: number[], bytes: number): TensorEntry => ({
  name: 'layer.weight',
  dtype,
  shape,
  file: 'model.safetensors',
  start: 0,
  end: bytes,
})

const patternBytes = (count: number) => Uint8Array.from({ length: count }, (_, i) => (i * 37) % 120)

/** Pushes the bytes in pieces of random length. */
function pushInPieces(writer: TensorWriter, bytes: Uint8Array<ArrayBuffer>, seed: number): void {
  const next = seededRandom(seed)
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + Math.floor(next() * 200))
    writer.push(bytes.subarray(at, end))
    at = end
  }
  writer.end()
}

describe('splitMatrix', () => {
  it('keeps a matrix that fits in one part, and splits others at whole blocks and 64 rows', () => {
    const matrix = layoutMatrix('fp8_block', [1000], 256, { rows: 96, cols: 128 })
    expect(splitMatrix(matrix, 1 << 20)).toEqual([layoutPart(matrix, 0, 1000)])
    const parts = splitMatrix(matrix, 100_000)
    expect(parts.map(({ firstRow, rows }) => [firstRow, rows])).toEqual([
      [0, 384],
      [384, 384],
      [768, 232],
    ])
    for (const { bytes } of parts) expect(bytes).toBeLessThanOrEqual(100_000)
    expect(() => splitMatrix(matrix, 1000)).toThrow(/do not fit a binding/)
  })

  it('splits an LM head whose rows exceed the grid at two rows per workgroup', () => {
    const head = layoutMatrix('q4', [151_936], 1536)
    const parts = splitMatrix(head, 2 ** 31)
    expect(parts.map(({ firstRow, rows }) => [firstRow, rows])).toEqual([
      [0, 131_008],
      [131_008, 20_928],
    ])
  })

  it('starts every stacked matrix with scales at a whole block row', () => {
    expect(layoutMatrix('fp8_block', [70, 144], 138).starts).toEqual([0, 128])
    expect(layoutMatrix('bf16', [70, 144], 138).starts).toEqual([0, 70])
    expect(() => layoutMatrix('fp8_block', [70], 138, { rows: 128, cols: 24 })).toThrow(/weight_block_size/)
  })

  it('uses 8.5 or 4.5 bits per weight in groups of 32 columns, with scales for each row', () => {
    for (const [format, bits] of [
      ['q8', 8.5],
      ['q4', 4.5],
    ] as const) {
      const matrix = layoutMatrix(format, [70, 144], 256)
      expect(matrix.starts).toEqual([0, 70])
      expect(layoutPart(matrix, 0, 214).bytes).toBe((214 * 256 * bits) / 8)
      const parts = splitMatrix(matrix, 20_000)
      expect(parts.map(({ firstRow }) => firstRow)).toEqual(format === 'q8' ? [0, 64, 128, 192] : [0, 128])
    }
    const odd = layoutMatrix('q4', [3], 46) // three chunks: two vec4s; two groups: one word
    expect([odd.stride, odd.scaleStride, layoutPart(odd, 0, 3).bytes]).toEqual([2, 1, 112])
  })
})

describeOnAdapters(
  'matrix writer',
  (adapter) => {
    let device: Device
    beforeAll(async () => {
      device = await openAdapter(adapter)
    })
    afterAll(() => device.destroy())

    const placed = (layout: MatrixLayout, maxBytes: number): PartPlacement[] =>
      splitMatrix(layout, maxBytes).map((part) => ({
        part,
        buffer: device.arena.allocate('weights', 'part', part.bytes + 32).buffer,
        offset: 32,
      }))
    const scaleWriter = (entry: TensorEntry, target: MatrixTarget) =>
      scaleCollector(entry, (scales) => writeScales(device.gpu.queue, scales, target))
    const read = async ({ part, buffer }: PartPlacement) =>
      new Uint8Array(await readBuffer(device, buffer, part.bytes + 32)).subarray(32)

    it('pads rows and fills stacked matrices in parts, however the bytes are split', async () => {
      const [first, second] = [70, 300]
      const layout = layoutMatrix('bf16', [first, second], 21)
      const placements = placed(layout, 64 * 64 * 3)
      expect(placements.length).toBeGreaterThan(1)
      const stored = [first, second].map((rows) => patternBytes(rows * 42))
      stored.forEach((bytes, index) => {
        const entry = makeEntry('BF16', [bytes.length / 42, 21], bytes.length)
        const target = { layout, start: layout.starts[index] ?? 0, placements }
        pushInPieces(rowWriter(device.gpu.queue, entry, target), bytes, index + 1)
      })
      const all = Buffer.concat(stored)
      for (const placement of placements) {
        const bytes = await read(placement)
        for (let row = 0; row < placement.part.rows; row++) {
          const expected = new Uint8Array(64)
          expected.set(
            all.subarray((placement.part.firstRow + row) * 42, (placement.part.firstRow + row + 1) * 42),
          )
          expect(bytes.subarray(row * 64, row * 64 + 64)).toEqual(expected)
        }
      }
    })

    it('writes scales after the rows of their part', async () => {
      const layout = layoutMatrix('fp8_block', [300], 140)
      const placements = placed(layout, layoutPart(layout, 0, 128).bytes)
      const scales = Float32Array.of(1, 2, 3, 4, 5, 6)
      const bytes = new Uint8Array(scales.buffer)
      const entry = makeEntry('F32', [3, 2], 24)
      pushInPieces(scaleWriter(entry, { layout, start: 0, placements }), bytes, 3)
      for (const [index, placement] of placements.entries()) {
        const part = await read(placement)
        const at = placement.part.scales * 4
        expect([...new Float32Array(part.slice(at, at + 8).buffer)]).toEqual([2 * index + 1, 2 * index + 2])
      }
    })

    it('reads vectors of every float type as f32', async () => {
      const { buffer } = device.arena.allocate('weights', 'vector', 64)
      const bf16 = Uint8Array.of(0x80, 0x3f, 0x00, 0xc0) // 1, -2
      pushInPieces(vectorWriter(device.gpu.queue, makeEntry('BF16', [2], 4), buffer, 1), bf16, 4)
      expect([...new Float32Array(await readBuffer(device, buffer, 12))]).toEqual([0, 1, -2])
      const odd = () => vectorWriter(device.gpu.queue, makeEntry('I32', [2], 8), buffer, 0)
      expect(odd).toThrow(/stored as I32/)
    })

    it('rejects non-finite numbers of every type, at any position and alignment', () => {
      const cases = [
        ['F8_E4M3', 'fp8_block', [0x7f]],
        ['F8_E4M3', 'fp8_block', [0xff]],
        ['BF16', 'bf16', [0x80, 0xff]],
        ['BF16', 'bf16', [0xc0, 0x7f]],
        ['F16', 'f16', [0x00, 0x7c]],
        ['F32', 'f32', [0x00, 0x00, 0x80, 0x7f]],
      ] as const
      for (const [dtype, format, code] of cases) {
        const layout = layoutMatrix(format, [3], 21)
        const [placements, length] = [placed(layout, 1 << 20), 63 * code.length]
        for (const at of [0, 1, 4, 33, 62]) {
          const memory = new Uint8Array(length + 3)
          const bytes = memory.subarray(at % 4, (at % 4) + length)
          bytes.set(code, at * code.length)
          const target = { layout, start: 0, placements }
          const writer = rowWriter(device.gpu.queue, makeEntry(dtype, [3, 21], length), target)
          expect(() => pushInPieces(writer, bytes, at + 1)).toThrow(
            new RegExp(`layer.weight holds (NaN|-?Infinity) at element ${at}; a weight must be finite`),
          )
        }
      }
      const { buffer } = device.arena.allocate('weights', 'vector', 64)
      const vector = vectorWriter(device.gpu.queue, makeEntry('BF16', [2], 4), buffer, 0)
      expect(() => pushInPieces(vector, Uint8Array.of(0, 0, 0x80, 0x7f), 1)).toThrow(
        'holds Infinity at element 1',
      )
    })

    it('rejects scales that are not finite or overflow a weight', () => {
      const layout = layoutMatrix('fp8_block', [3], 21)
      const scales = new Uint8Array(Float32Array.of(1e37).buffer)
      const target = { layout, start: 0, placements: placed(layout, 1 << 20) }
      const writer = scaleWriter(makeEntry('F32', [1, 1], 4), target)
      expect(() => pushInPieces(writer, scales, 1)).toThrow(/must be finite/)
    })

    it('detects a tensor that ends early', () => {
      const layout = layoutMatrix('f32', [4], 4)
      const target = { layout, start: 0, placements: placed(layout, 1 << 20) }
      const writer = rowWriter(device.gpu.queue, makeEntry('F32', [4, 4], 64), target)
      writer.push(new Uint8Array(40))
      expect(() => writer.end()).toThrow(/ended after 2 of 4 rows/)
    })
  },
  ADAPTERS.slice(0, 1),
)
