// Tests that integer codes of every kind reach the GPU as the weights they mean, on every adapter.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Converter } from '../../src/engine/load/convert.ts'
import { integerMatrix } from '../../src/engine/load/find-integers.ts'
import type { Device } from '../../src/gpu/device.ts'
import { layoutMatrix, layoutPart, type MatrixLayout, splitMatrix } from '../../src/gpu/matrix.ts'
import { readBuffer } from '../../src/gpu/readback.ts'
import { encodeBF16, encodeF16 } from '../../src/lib/float.ts'
import { INTEGER_PACKINGS } from '../../src/weights/integer-packing.ts'
import type { TensorEntry } from '../../src/weights/safetensors.ts'
import { matrixFloats } from '../../src/weights/split-kv.ts'
import { type IntegerMatrix, type IntegerOrder, tensorsOfMatrix } from '../../src/weights/stored-matrix.ts'
import { matrixWriters } from '../../src/weights/stored-writers.ts'
import { describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { seededRandom } from '../support/numbers.ts'

type Bytes = Uint8Array<ArrayBuffer>
type ScaleType = 'BF16' | 'F16' | 'F32'

interface Case {
  readonly order: IntegerOrder
  readonly bits: number
  readonly groupSize: number | undefined
  readonly offsets: 'stored' | 'zeros' | 'middle'
  readonly type: ScaleType
  readonly rows: number
  readonly cols: number
}

const CASES: readonly Case[] = [
  ...[2, 3, 4].map((bits) => kind('rows', bits, 32, 'stored', 'BF16')),
  ...[5, 6, 8].map((bits) => kind('rows', bits, 64, 'stored', 'F16')),
  kind('rows', 4, 128, 'stored', 'F16'),
  kind('rows', 4, 32, 'middle', 'BF16'),
  kind('rows', 4, 64, 'middle', 'F16'),
  kind('rows', 8, 128, 'zeros', 'BF16'),
  kind('rows', 4, undefined, 'zeros', 'BF16'),
  { ...kind('rows', 4, undefined, 'middle', 'BF16'), rows: 5, cols: 70 },
  kind('bytes', 8, undefined, 'middle', 'BF16'),
  kind('bytes', 8, 128, 'middle', 'BF16'),
  { ...kind('bytes', 8, undefined, 'middle', 'F32'), cols: 70 },
  kind('columns', 4, 64, 'zeros', 'F16'),
  kind('columns', 8, undefined, 'zeros', 'F16'),
  kind('awq', 4, 128, 'zeros', 'F16'),
]

function kind(
  order: IntegerOrder,
  bits: number,
  groupSize: number | undefined,
  offsets: Case['offsets'],
  type: ScaleType,
): Case {
  return { order, bits, groupSize, offsets, type, rows: 72, cols: 384 }
}

/** A matrix with random codes and scales; some scales are zero or tiny, about half are negative. */
function randomMatrix(sizes: Case, seed: number) {
  const { order, bits, groupSize, offsets, type, rows, cols } = sizes
  const next = seededRandom(seed)
  const packing = INTEGER_PACKINGS[order]
  const shapes = { rows, cols, bits, groups: groupSize ? Math.ceil(cols / groupSize) : 1 }
  const parts = new Map<TensorEntry, Bytes>()
  const add = (name: string, dtype: string, shape: readonly number[], bytes: Bytes): TensorEntry => {
    const entry = { name, dtype, shape, file: 'f', start: 0, end: bytes.length }
    parts.set(entry, bytes)
    return entry
  }
  const count = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1)
  const integers = (name: string, dtype: string, shape: readonly number[]) => {
    const bytes = count(shape) * (dtype === 'I8' ? 1 : 4)
    return add(
      name,
      dtype,
      shape,
      Uint8Array.from({ length: bytes }, () => next() * 256),
    )
  }
  const floats = (name: string, spread: number) => {
    const shape = packing.scales(shapes)
    const odd = [0, 2e-6, -3e-7] // the last two are subnormal in F16
    const values = Array.from({ length: count(shape) }, (_, i) => odd[i % 17] ?? (next() - 0.5) * spread)
    return add(name, type, shape, encodeFloats(type, values))
  }
  const scales = floats('w.scales', 0.1)
  const matrix = integerMatrix({
    name: 'w',
    label: '',
    sizes: { rows, cols, bits, groupSize },
    order,
    codes: integers('w.codes', packing.dtypes[0] ?? 'I32', packing.codes(shapes)),
    scales,
    offsets:
      offsets === 'middle'
        ? { kind: 'middle' }
        : offsets === 'stored'
          ? { kind: 'stored', entry: floats('w.biases', 1) }
          : { kind: 'zeros', entry: integers('w.zeros', 'I32', packing.zeros(shapes)), plus: 1 },
  })
  return { matrix, parts }
}

function encodeFloats(type: ScaleType, values: readonly number[]): Bytes {
  const buffer =
    type === 'F32'
      ? Float32Array.from(values).buffer
      : Uint16Array.from(values, type === 'F16' ? encodeF16 : encodeBF16).buffer
  return new Uint8Array(buffer)
}

/** Layouts that hold a matrix without loss: its own, and one with more bits, smaller groups, wider scales. */
function layoutsOf({ storedLayout }: IntegerMatrix): readonly MatrixLayout[] {
  const { rows, cols, format, block } = storedLayout
  return [
    layoutMatrix(format, [3, rows], cols, block),
    layoutMatrix('a8', [3, rows], cols, { rows: 1, cols: 32, dtype: 'F32' }),
  ]
}

describeOnAdapters('writers of integer codes', (adapter) => {
  let device: Device
  beforeAll(async () => {
    device = await openAdapter(adapter)
  })
  afterAll(() => device.destroy())

  const place = (layout: MatrixLayout, maxBytes: number) =>
    splitMatrix(layout, maxBytes).map((part) => ({
      part,
      offset: 0,
      layout,
      ...device.arena.allocate('weights', 'part', part.bytes),
    }))

  /** Rows from `start` of a filled layout, as the GPU reads them. */
  async function readRows(from: ReturnType<typeof place>, start: number): Promise<Float32Array> {
    const { layout } = from[0] ?? {}
    if (!layout) throw new Error('no parts')
    const f32 = layoutMatrix('f32', [layout.rows], layout.cols)
    const [to] = place(f32, 2 ** 30)
    if (!to) throw new Error('no part')
    const converter = new Converter(device)
    const key = converter.requestPipeline(layout, f32)
    await converter.prepare()
    for (const part of from) converter.encode(key, part, { layout: f32, start: 0, placements: [to] })
    const padded = new Float32Array(await readBuffer(device, to.buffer, to.part.bytes))
    converter.close()
    for (const { free } of [...from, to]) free()
    const width = f32.stride * 4
    const rows = layout.rows - start
    return Float32Array.from({ length: rows * layout.cols }, (_, i) => {
      const [row, col] = [Math.floor(i / layout.cols), i % layout.cols]
      return padded[(start + row) * width + col] ?? Number.NaN
    })
  }

  it.each(CASES)('$order, $bits bits, groups of $groupSize, $offsets offsets, $type', async (sizes) => {
    const { matrix, parts } = randomMatrix(sizes, 1)
    const expected = matrixFloats(matrix, parts)
    expect(new Set(expected).size).toBeGreaterThan(50)
    for (const layout of layoutsOf(matrix)) {
      const placements = place(layout, layoutPart(layout, 0, 64).bytes)
      const start = layout.starts[1] ?? 0
      const { rows, scales } = matrixWriters(device.gpu.queue, matrix, { layout, start, placements })
      const writers = new Map([...rows, ...scales])
      const next = seededRandom(2)
      for (const entry of tensorsOfMatrix(matrix)) {
        const bytes = parts.get(entry) ?? new Uint8Array()
        for (let at = 0; at < bytes.length; ) {
          const end = Math.min(bytes.length, at + 1 + Math.floor(next() * 3000))
          writers.get(entry)?.push(bytes.slice(at, end))
          at = end
        }
        writers.get(entry)?.end()
      }
      const actual = await readRows(placements, start)
      const worst = actual.reduce(
        (most, weight, i) => Math.max(most, Math.abs(weight - (expected[i] ?? 0))),
        0,
      )
      expect(worst).toBeLessThan(3e-6) // weights are below 26; scales of 3e-7 would show
    }
  })
})
