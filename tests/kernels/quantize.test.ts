// Tests of the quantize kernel against its f64 reference, for every source and target format.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Device } from '../../src/gpu/device.ts'
import { encoderModule, FORMATS, isFloatDtype } from '../../src/gpu/formats.ts'
import { encodeSpanOf, layoutMatrix, layoutPart } from '../../src/gpu/matrix.ts'
import { packBatch, quantizeGrid, quantize as quantizeKernel } from '../../src/kernels/quantize.ts'
import { decodeBF16, decodeE4M3 } from '../../src/lib/float.ts'
import { relativeError } from '../../src/lib/relative-error.ts'
import {
  QUANTIZED_FORMATS,
  type QuantizedFormat,
  type QuantizedRows,
  quantize,
} from '../../src/reference/quantize.ts'
import { describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { runKernel } from '../support/kernel.ts'
import { normals } from '../support/numbers.ts'
import { type PackedMatrix, packMatrix, randomMatrix, WEIGHT_FORMATS } from '../support/weights.ts'

const BLOCKS = { rows: 32, cols: 48 }
const WORKGROUP = 64

/**
 * Quantizes the rows of a matrix from `first` on, into row 3 of a buffer whose matrix begins at its second
 * vec4.
 */
async function convert(
  device: Device,
  matrix: PackedMatrix,
  target: QuantizedFormat | 'f32',
  first = 0,
): Promise<QuantizedRows> {
  const rows = matrix.rows - first
  const layout = layoutMatrix(target, [rows + 3], matrix.cols, { rows: 1, cols: 128 })
  const part = layoutPart(layout, 0, rows + 3)
  const { STRIDE, SCALES, SCALE_STRIDE, ...blocks } = matrix.constants
  const { into } = await runKernel(device, {
    kernel: quantizeKernel,
    constants: { ...blocks, WORKGROUP },
    imports: { ...matrix.imports, encode: encoderModule(target) },
    grid: quantizeGrid(rows, matrix.cols, encodeSpanOf(layout), WORKGROUP),
    data: {
      batch: packBatch({
        rows,
        cols: matrix.cols,
        first,
        row: 3,
        source: { base: 0, stride: STRIDE, scales: SCALES, scaleStride: SCALE_STRIDE },
        encoded: { base: 1, stride: layout.stride, scales: 4 + part.scales, scaleStride: layout.scaleStride },
      }),
      weights: matrix.words,
      into: new Uint32Array(4 + part.bytes / 4),
    },
  })
  return unpack(new Uint32Array(into.buffer, 16 + 48 * layout.stride), target, {
    rows,
    cols: matrix.cols,
    stride: layout.stride,
    firstScale: part.scales - 12 * layout.stride + 3 * layout.scaleStride,
    scaleStride: layout.scaleStride,
  })
}

interface EncodedRows {
  readonly rows: number
  readonly cols: number
  readonly stride: number // of a row, in vec4s
  readonly firstScale: number // index, in words
  readonly scaleStride: number
}

/** The codes, scales and values stored in the words of a matrix. */
function unpack(
  words: Uint32Array,
  target: QuantizedFormat | 'f32',
  { rows, cols, stride, firstScale, scaleStride }: EncodedRows,
): QuantizedRows {
  const bytes = new Uint8Array(words.buffer, words.byteOffset)
  const { dtype, bits, scale: stored, quantization } = FORMATS[target]
  const group = stored ? (quantization?.block ?? stored.block).cols : cols
  const groups = Math.ceil(cols / group)
  const scales = Float64Array.from({ length: rows * groups }, (_, i) => {
    const [row, at] = [Math.floor(i / groups), i % groups]
    if (!stored) return 1
    const word = words[firstScale + row * scaleStride + (stored.dtype === 'F32' ? at : at >> 1)] ?? 0
    if (stored.dtype === 'F32') return new Float32Array(Uint32Array.of(word).buffer)[0] ?? 0
    return decodeBF16(at % 2 ? word >>> 16 : word & 0xffff)
  })
  const codes = Float64Array.from({ length: rows * cols }, (_, i) => {
    const [row, col] = [Math.floor(i / cols), i % cols]
    const from = 16 * row * stride
    if (dtype === 'F32') return new Float32Array(words.buffer, words.byteOffset + from)[col] ?? 0
    if (isFloatDtype(dtype)) return bytes[from + col] ?? 0
    if (bits === 8) return ((bytes[from + col] ?? 0) << 24) >> 24
    return ((bytes[from + 16 * (col >> 5) + (col & 15)] ?? 0) << (col & 16 ? 24 : 28)) >> 28
  })
  const values = codes.map((code, i) => {
    const scale = scales[Math.floor(i / cols) * groups + Math.floor((i % cols) / group)] ?? 0
    return scale * (dtype === 'F8_E4M3' ? decodeE4M3(code) : code)
  })
  return { codes, scales, values, group }
}

/**
 * Codes must be equal, except for weights in the middle between two codes, where f32 may round differently.
 * It may also prefer another scale, if the squared error is no larger than the reference's.
 */
function expectSame(
  actual: QuantizedRows,
  weights: Float64Array,
  cols: number,
  target: QuantizedFormat,
): void {
  const expected = quantize(weights, cols, target)
  const groups = Math.ceil(cols / expected.group)
  for (const [i, scale] of expected.scales.entries()) {
    const first = Math.floor(i / groups) * cols + (i % groups) * expected.group
    const end = Math.min(first + expected.group, (Math.floor(i / groups) + 1) * cols)
    if (actual.scales[i] !== scale) {
      const squares = ({ values }: QuantizedRows) =>
        values
          .slice(first, end)
          .reduce((sum, value, at) => sum + (value - (weights[first + at] ?? 0)) ** 2, 0)
      expect(squares(actual), `squared error of group ${i}`).toBeLessThanOrEqual(1.0001 * squares(expected))
      continue
    }
    for (let at = first; at < end; at++) {
      const gap = Math.abs((actual.codes[at] ?? 0) - (expected.codes[at] ?? 0))
      const exact = (weights[at] ?? 0) / scale
      const between = Math.abs(exact - Math.floor(exact) - 0.5) < 1e-4
      expect(gap, `code ${at}: ${actual.codes[at]} for ${exact}`).toBeLessThanOrEqual(between ? 1 : 0)
    }
  }
}

describeOnAdapters('quantize', (adapter) => {
  let device: Device
  beforeAll(async () => {
    device = await openAdapter(adapter)
  })
  afterAll(() => device.destroy())

  for (const target of QUANTIZED_FORMATS) {
    it(`${target}: from every storage format`, async () => {
      for (const format of WEIGHT_FORMATS) {
        const matrix = randomMatrix([67, 138], format, 3, BLOCKS)
        expectSame(await convert(device, matrix, target), matrix.values, 138, target)
      }
    })

    it(`${target}: rows that end inside a group, a chunk and a word of scales`, async () => {
      for (const cols of [1, 10, 16, 33, 46, 102, 128, 161]) {
        const matrix = randomMatrix([5, cols], 'bf16', cols)
        expectSame(await convert(device, matrix, target), matrix.values, cols, target)
      }
    })

    it(`${target}: zeros, equal magnitudes, outliers, the smallest and largest weights`, async () => {
      const size = [0, 1e-38, 1e-20, 1e-6, 1, 6e4 * 127, 1e30, 3e38]
      const rows = size.flatMap((scale) => [
        normals(64, 5, scale / 8),
        Float32Array.from({ length: 64 }, (_, i) => (i % 2 ? -scale : scale)),
        Float32Array.from({ length: 64 }, (_, i) => (i === 40 ? scale : 0)),
      ])
      const matrix = packMatrix(Float32Array.from(rows.flatMap((row) => [...row])), 64, 'f32')
      const { values, ...rest } = await convert(device, matrix, target)
      expect(values.every(Number.isFinite)).toBe(true)
      // A scale of 1e-38 / 128 does not fit f32.
      const plain = size.map((scale, i) => [scale, i] as const).filter(([scale]) => scale !== 1e-38)
      for (const [, i] of plain) {
        const ofRow = (array: Float64Array, width: number) => array.slice(3 * i * width, 3 * (i + 1) * width)
        const groups = rest.scales.length / 24
        const part = {
          ...rest,
          codes: ofRow(rest.codes, 64),
          values: ofRow(values, 64),
          scales: ofRow(rest.scales, groups),
        }
        expectSame(part, ofRow(matrix.values, 64), 64, target)
      }
      const { dtype, bits } = FORMATS[target]
      const maxError = isFloatDtype(dtype) ? 0.05 : bits === 8 ? 0.01 : 0.2
      for (const [i, scale] of size.entries()) {
        if (scale < 1e-30) continue
        const ofRow = (array: Float64Array) =>
          array.slice(192 * i, 192 * (i + 1)).map((value) => value / scale)
        expect(relativeError(ofRow(values), ofRow(matrix.values)), `weights of ${scale}`).toBeLessThan(
          maxError,
        )
      }
    })
  }

  it('starts at a row in the middle, and uses a second grid dimension when necessary', async () => {
    const matrix = randomMatrix([100, 40], 'fp8_block', 7, { rows: 32, cols: 48 })
    const from = matrix.values.slice(37 * 40)
    expectSame(await convert(device, matrix, 'q8', 37), from, 40, 'q8')
    expect(quantizeGrid(5_000_000, 64, 64, 64)).toEqual([65535, 2])
  })

  it('f32: multiplies the scales out', async () => {
    for (const format of WEIGHT_FORMATS) {
      const matrix = randomMatrix([9, 70], format, 11, BLOCKS)
      const { values } = await convert(device, matrix, 'f32')
      expect([...values]).toEqual([...matrix.values].map(Math.fround))
    }
  })
})
