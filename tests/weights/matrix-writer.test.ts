// Answers: do stored bytes land where the kernels look for them? Rows, scales and vectors through a real queue, in pieces cut anywhere.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Device } from '../../src/gpu/device.ts'
import { layoutMatrix, layoutPart, type MatrixLayout, splitMatrix } from '../../src/gpu/matrix.ts'
import { readBuffer } from '../../src/gpu/readback.ts'
import {
  type Placed,
  rowWriter,
  scaleWriter,
  type TensorWriter,
  vectorWriter,
} from '../../src/weights/matrix-writer.ts'
import type { Dtype, TensorEntry } from '../../src/weights/safetensors.ts'
import { adapters, describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { generator } from '../support/numbers.ts'

const entryOf = (dtype: Dtype, shape: number[], bytes: number): TensorEntry => ({
  name: 'layer.weight',
  dtype,
  shape,
  file: 'model.safetensors',
  start: 0,
  end: bytes,
})

const counted = (count: number) => Uint8Array.from({ length: count }, (_, i) => (i * 37) % 120)

/** Hands the bytes over in pieces whose ends fall anywhere. */
function feed(writer: TensorWriter, bytes: Uint8Array<ArrayBuffer>, seed: number): void {
  const next = generator(seed)
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + Math.floor(next() * 200))
    writer.push(bytes.subarray(at, end))
    at = end
  }
  writer.end()
}

describe('splitMatrix', () => {
  it('keeps a matrix that fits whole, and cuts others at whole blocks and 64 rows', () => {
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

  it('begins every stacked matrix with scales at a whole block row', () => {
    expect(layoutMatrix('fp8_block', [70, 144], 138).starts).toEqual([0, 128])
    expect(layoutMatrix('bf16', [70, 144], 138).starts).toEqual([0, 70])
    expect(() => layoutMatrix('fp8_block', [70], 138, { rows: 128, cols: 24 })).toThrow(/weight_block_size/)
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

    const placed = (layout: MatrixLayout, maxBytes: number): Placed[] =>
      splitMatrix(layout, maxBytes).map((part) => ({
        part,
        buffer: device.arena.allocate('weights', 'part', part.bytes + 32).buffer,
        offset: 32,
      }))
    const read = async ({ part, buffer }: Placed) =>
      new Uint8Array(await readBuffer(device, buffer, part.bytes + 32)).subarray(32)

    it('pads rows, cuts parts and stacks, whatever the pieces', async () => {
      const [first, second] = [70, 300]
      const layout = layoutMatrix('bf16', [first, second], 21)
      const places = placed(layout, 64 * 64 * 3)
      expect(places.length).toBeGreaterThan(1)
      const stored = [first, second].map((rows) => counted(rows * 42))
      stored.forEach((bytes, index) => {
        const entry = entryOf('BF16', [bytes.length / 42, 21], bytes.length)
        feed(rowWriter(device.gpu.queue, entry, layout, layout.starts[index] ?? 0, places), bytes, index + 1)
      })
      const all = Buffer.concat(stored)
      for (const place of places) {
        const bytes = await read(place)
        for (let row = 0; row < place.part.rows; row++) {
          const wanted = new Uint8Array(64)
          wanted.set(all.subarray((place.part.firstRow + row) * 42, (place.part.firstRow + row + 1) * 42))
          expect(bytes.subarray(row * 64, row * 64 + 64)).toEqual(wanted)
        }
      }
    })

    it('puts scales behind the rows of their part', async () => {
      const layout = layoutMatrix('fp8_block', [300], 140)
      const places = placed(layout, layoutPart(layout, 0, 128).bytes)
      const scales = Float32Array.of(1, 2, 3, 4, 5, 6)
      const bytes = new Uint8Array(scales.buffer)
      feed(scaleWriter(device.gpu.queue, entryOf('F32', [3, 2], 24), layout, 0, places), bytes, 3)
      for (const [index, place] of places.entries()) {
        const part = await read(place)
        const at = place.part.scales * 4
        expect([...new Float32Array(part.slice(at, at + 8).buffer)]).toEqual([2 * index + 1, 2 * index + 2])
      }
    })

    it('reads vectors of every float type as f32', async () => {
      const { buffer } = device.arena.allocate('weights', 'vector', 64)
      const bf16 = Uint8Array.of(0x80, 0x3f, 0x00, 0xc0) // 1, -2
      feed(vectorWriter(device.gpu.queue, entryOf('BF16', [2], 4), buffer, 1), bf16, 4)
      expect([...new Float32Array(await readBuffer(device, buffer, 12))]).toEqual([0, 1, -2])
      const odd = vectorWriter(device.gpu.queue, entryOf('I32', [2], 8), buffer, 0)
      expect(() => feed(odd, new Uint8Array(8), 5)).toThrow(/stored as I32/)
    })

    it('refuses NaN codes wherever they stand, and scales that are not finite', () => {
      const layout = layoutMatrix('fp8_block', [3], 21)
      for (const at of [0, 1, 4, 33, 62]) {
        for (const code of [0x7f, 0xff]) {
          const bytes = counted(63)
          bytes[at] = code
          const writer = rowWriter(
            device.gpu.queue,
            entryOf('F8_E4M3', [3, 21], 63),
            layout,
            0,
            placed(layout, 1 << 20),
          )
          expect(() => feed(writer, bytes, at + 1)).toThrow(
            `layer.weight holds the FP8 code for NaN at element ${at}`,
          )
        }
      }
      const scales = new Uint8Array(Float32Array.of(Number.POSITIVE_INFINITY).buffer)
      const writer = scaleWriter(
        device.gpu.queue,
        entryOf('F32', [1, 1], 4),
        layout,
        0,
        placed(layout, 1 << 20),
      )
      expect(() => feed(writer, scales, 1)).toThrow(/must be finite/)
    })

    it('notices a tensor that ends early', () => {
      const layout = layoutMatrix('f32', [4], 4)
      const writer = rowWriter(
        device.gpu.queue,
        entryOf('F32', [4, 4], 64),
        layout,
        0,
        placed(layout, 1 << 20),
      )
      writer.push(new Uint8Array(40))
      expect(() => writer.end()).toThrow(/ended after 2 of 4 rows/)
    })
  },
  adapters.slice(0, 1),
)
