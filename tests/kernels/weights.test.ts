// Tests that every weight module decodes its format correctly.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Device } from '../../src/gpu/device.ts'
import {
  FORMATS,
  isFloatDtype,
  type ScaleBlock,
  STORAGE_FORMATS,
  type StorageFormat,
  weightModules,
} from '../../src/gpu/formats.ts'
import { blockConstants, layoutMatrix } from '../../src/gpu/matrix.ts'
import { embed as embedKernel } from '../../src/kernels/embed.ts'
import { decodeBF16, decodeE4M3, decodeF16, encodeBF16 } from '../../src/lib/float.ts'
import { describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { runKernel } from '../support/kernel.ts'
import { STORE_NUMBER } from '../support/weights.ts'

const hasOffset = (format: StorageFormat): boolean => FORMATS[format].scale?.offset === true

const MIN_NORMAL_F16 = 2 ** -14

interface StoredRows {
  readonly rows: number
  readonly cols: number
  readonly format: StorageFormat
  readonly scales?: number // index of the first scale, in words
  readonly module?: string
  readonly block?: ScaleBlock
}

/** Decodes a stored matrix [rows, 16 * chunks] with `embed`, which copies rows. */
async function readRows(
  device: Device,
  words: Uint32Array,
  { rows, cols, format, scales = 0, module = `weights/${format}`, block = { rows: 1, cols } }: StoredRows,
) {
  const { stride, scaleStride } = layoutMatrix(format, [rows], cols, block)
  const { x } = await runKernel(device, {
    kernel: embedKernel,
    constants: {
      HIDDEN: cols,
      STRIDE: stride,
      SCALES: scales,
      SCALE_STRIDE: scaleStride,
      ...blockConstants({ block }),
      FIRST: 0,
      COUNT: rows,
      WORKGROUP: 64,
    },
    imports: { weights: module },
    grid: [Math.ceil(cols / 16 / 64), rows],
    data: {
      ids: Uint32Array.from({ length: rows }, (_, row) => row),
      weights: words,
      x: new Float32Array(rows * cols),
    },
  })
  return x
}

describeOnAdapters('weights', (adapter) => {
  let device: Device
  beforeAll(async () => {
    device = await openAdapter(adapter)
  })
  afterAll(() => device.destroy())

  it('decodes all finite FP8 codes exactly, under scales of several sizes', async () => {
    const scales = new Float32Array([1, 2e-5, 1.32288, 3e4])
    const bytes = new Uint8Array(4 * 256 + 16)
    for (let i = 0; i < 4 * 256; i++) bytes[i] = (i & 0x7f) === 0x7f ? 0 : i // no NaN
    bytes.set(new Uint8Array(scales.buffer), 4 * 256)
    for (const module of weightModules('fp8_block')) {
      const actual = await readRows(device, new Uint32Array(bytes.buffer), {
        rows: 4,
        cols: 256,
        format: 'fp8_block',
        scales: 256,
        module,
      })
      const expected = Array.from(actual, (_, i) =>
        Math.fround(decodeE4M3(bytes[i] ?? 0) * (scales[i >> 8] ?? 0)),
      )
      expect(
        [...actual].map((value) => value + 0),
        module,
      ).toEqual(expected.map((value) => value + 0))
    }
  })

  it('keeps the sign of FP8 zeros', async () => {
    const scale = new Uint32Array(new Float32Array([1, 0, 0, 0]).buffer)
    const words = Uint32Array.of(0x80008000, 0, 0, 0, ...scale)
    for (const module of weightModules('fp8_block')) {
      const actual = await readRows(device, words, {
        rows: 1,
        cols: 16,
        format: 'fp8_block',
        scales: 4,
        module,
      })
      expect([...actual].slice(0, 4), module).toEqual([0, -0, 0, -0])
    }
  })

  it('decodes all integer codes under scales of every size and sign', async () => {
    const sizes = [1, -3e-5, 1e-30, -(2 ** 100), 0, 2 ** -126, 1 / 3, -6e4]
    const isInteger = (format: StorageFormat) => !isFloatDtype(FORMATS[format].dtype)
    for (const format of STORAGE_FORMATS.filter((name) => isInteger(name) && !hasOffset(name))) {
      const { bits } = FORMATS[format]
      const cols = (256 * 8) / bits
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
      const scales = Uint16Array.from({ length: cols / 32 }, (_, i) => encodeBF16(sizes[i % 8] ?? 0))
      const words = new Uint32Array(64 + cols / 64)
      words.set(new Uint32Array(bytes.buffer))
      words.set(new Uint32Array(scales.buffer), 64)
      const code = (col: number) =>
        bits === 8 ? (col << 24) >> 24 : ((16 * (col >> 5) + (col & 15)) << (col & 16 ? 24 : 28)) >> 28
      const scale = (col: number) => decodeBF16(scales[col >> 5] ?? 0)
      for (const module of weightModules(format)) {
        const actual = await readRows(device, words, { rows: 1, cols, format, scales: 64, module })
        const exact = module === `weights/${format}`
        // The plain decoder is exact, others to 4e-5 of a step; subnormal results may be flushed to zero.
        const tolerance = (col: number) => (exact ? 0 : 4e-5 * Math.abs(scale(col)) + 2 ** -126)
        const wrong = [...actual].flatMap((value, col) =>
          Math.abs(value - scale(col) * code(col)) > tolerance(col) ? [[col, value]] : [],
        )
        expect(wrong, module).toEqual([])
      }
    }
  })

  it('adds offsets to scaled codes: every code, scales of zero and next to it, of both signs', async () => {
    const pairs = [
      [1, 0],
      [0, -3],
      [-0.125, 1],
      [1e-7, 0.75],
      [-3e-3, 0.25],
      [2 ** -14, -(2 ** -13)],
      [0, 0],
      [200, -25600],
    ] as const
    for (const format of STORAGE_FORMATS.filter(hasOffset)) {
      for (const [dtype, group] of [
        ['BF16', 32],
        ['F16', 64],
        ['F32', 128],
      ] as const) {
        const { bits } = FORMATS[format]
        const cols = (256 * 8) / bits
        const { scaleStride } = layoutMatrix(format, [1], cols, { rows: 1, cols: group, dtype })
        const words = new Uint32Array(64 + scaleStride)
        words.set(new Uint32Array(Uint8Array.from({ length: 256 }, (_, i) => i).buffer))
        const view = new DataView(words.buffer)
        const stored = Array.from({ length: cols / group }, (_, i) =>
          (pairs[i % pairs.length] ?? [0, 0]).map((value, j) =>
            STORE_NUMBER[dtype](view, (dtype === 'F32' ? 64 : 128) + 2 * i + j, value),
          ),
        )
        for (const module of weightModules(format)) {
          const block = { rows: 1, cols: group, dtype }
          const actual = await readRows(device, words, { rows: 1, cols, format, scales: 64, module, block })
          const wrong = [...actual].flatMap((value, col) => {
            const code = bits === 8 ? col : ((16 * (col >> 5) + (col & 15)) >> (col & 16 ? 4 : 0)) & 15
            const [scale = 0, offset = 0] = stored[Math.floor(col / group)] ?? []
            const size = 2 ** -23 * (Math.abs(scale * code) + Math.abs(offset)) + 4e-5 * Math.abs(scale)
            return Math.abs(value - (scale * code + offset)) > size ? [[col, value]] : []
          })
          expect(wrong, `${module}, ${dtype}`).toEqual([])
        }
      }
    }
  })

  it('decodes BF16, F16 and F32 exactly', async () => {
    const numbers = [
      0,
      1,
      -1,
      0.5,
      65504,
      -65504,
      MIN_NORMAL_F16,
      -MIN_NORMAL_F16,
      1.5,
      3,
      1 / 3,
      -1e-3,
      7,
      99,
      256,
      2 ** -9,
    ]
    const f32 = Float32Array.from(numbers)
    expect([
      ...(await readRows(device, new Uint32Array(f32.buffer), { rows: 1, cols: 16, format: 'f32' })),
    ]).toEqual([...f32])
    const codes = Uint16Array.from({ length: 2 * 512 * 16 }, (_, i) => 8 * i) // every eighth 16-bit code
    const words = new Uint32Array(codes.buffer)
    for (const [format, decode, ordinary] of [
      ['bf16', decodeBF16, (value: number) => Math.abs(value) >= 2 ** -126 && Math.abs(value) < 1e38],
      ['f16', decodeF16, (value: number) => Math.abs(value) >= MIN_NORMAL_F16 && Number.isFinite(value)],
    ] as const) {
      const actual = await readRows(device, words, { rows: 1, cols: codes.length, format })
      const places = [...codes.keys()].filter((i) => ordinary(decode(codes[i] ?? 0)))
      expect(places.length).toBeGreaterThan(6000)
      expect(places.map((i) => actual[i])).toEqual(places.map((i) => decode(codes[i] ?? 0)))
    }
  })
})
