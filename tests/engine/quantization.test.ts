// Tests of quantization while loading: logits stay close, and converted rows are where the kernels read them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Engine } from '../../src/engine/engine.ts'
import { Converter } from '../../src/engine/load/convert.ts'
import { formatsByClass, type QuantizeChoice } from '../../src/engine/load/quantization.ts'
import { loadEngine } from '../../src/engine/load-engine.ts'
import type { EngineOptions } from '../../src/engine/options.ts'
import type { Device } from '../../src/gpu/device.ts'
import { layoutMatrix, splitMatrix } from '../../src/gpu/matrix.ts'
import { readBuffer } from '../../src/gpu/readback.ts'
import { decodeBF16, encodeBF16 } from '../../src/lib/float.ts'
import { logitError } from '../../src/lib/logit-error.ts'
import { openMemory } from '../../src/weights/memory.ts'
import type { TensorEntry } from '../../src/weights/safetensors.ts'
import { ADAPTERS, describeOnAdapters, openAdapter, openGpu } from '../support/adapter.ts'
import { type ModelFiles, readFolder, withTensors } from '../support/folder.ts'
import { FIXTURES, LANTERNFISH, readGolden } from '../support/model.ts'
import { normals } from '../support/numbers.ts'

const MOONLIGHT = join(FIXTURES, 'moonlight-bf16-tiny')

/** The token ids of a chat with its answer. */
const chat = (index: number): readonly number[] => {
  const { items } = JSON.parse(readFileSync(join(LANTERNFISH, 'golden.json'), 'utf8'))
  return [...items[index].ids, ...items[index].completion_ids].slice(0, 150)
}

it('resolves quantizations and weight classes, and refuses unknown ones', () => {
  expect(formatsByClass('q4')).toMatchObject({ experts: 'q4', mlp: 'q4', attention: 'q8', head: 'q8' })
  const moe = { layers: [{ kind: 'dense', intermediateSize: 1 }, { kind: 'mixture' }] } as Parameters<
    typeof formatsByClass
  >[1]
  expect(formatsByClass('q4', moe)).toMatchObject({ experts: 'q4', mlp: 'q8' })
  expect(formatsByClass({ experts: 'q4' })).toMatchObject({ experts: 'q4', mlp: 'none' })
  expect(() => formatsByClass('q3' as QuantizeChoice)).toThrow(/"q3"/)
  expect(() => formatsByClass({ router: 'q4' } as QuantizeChoice)).toThrow(/weight class "router"/)
})

describeOnAdapters(
  'quantized models',
  (adapter) => {
    const logits = async (files: ModelFiles, ids: readonly number[], options: EngineOptions = {}) => {
      const gpu = await openGpu(adapter.match)
      const engine = await loadEngine(openMemory(files), { gpu, device: adapter.options, ...options })
      return measured(engine, ids).finally(() => engine.destroy())
    }
    const measured = async (engine: Engine, ids: readonly number[]) => ({
      logits: await engine.logits(ids),
      vocab: engine.info.vocab,
      bytes: engine.gpuBytes(),
    })

    it('q8 and q4 stay close to the stored weights', async () => {
      const files = readFolder(LANTERNFISH)
      for (const ids of [chat(3), chat(0)]) {
        const stored = await logits(files, ids)
        const q8 = await logits(files, ids, { quantize: 'q8' })
        expect(logitError(q8.logits, stored.logits, stored.vocab).relativeError).toBeLessThan(2e-2)
        const q4 = await logits(files, ids, { quantize: 'q4' })
        expect(logitError(q4.logits, stored.logits, stored.vocab).meanKl).toBeLessThan(1e-2)
        expect(q4.bytes.experts).toBeLessThan(0.6 * (stored.bytes.experts ?? 0))
      }
    })

    it('i8 matrix products stay close to f32', async () => {
      const files = readFolder(LANTERNFISH)
      const whole = await logits(files, chat(3), { quantize: 'q4' }) // with attention in q8
      const packed = await logits(files, chat(3), { quantize: 'q4', matmulPrecision: 'i8' })
      const { relativeError } = logitError(packed.logits, whole.logits, whole.vocab)
      expect(relativeError).toBeLessThan(2e-2)
      expect(relativeError > 0, 'something was rounded').toBe(true)
    })

    // A column much larger than the others of its q8 group would round them to zero.
    it('q8 keeps weights that are stored in FP8', async () => {
      const fp8 = join(FIXTURES, 'deepseek_v3-fp8-tiny')
      const { promptIds, logits: golden } = readGolden(fp8)
      const q8 = await logits(readFolder(fp8), promptIds, { quantize: 'q8' })
      expect(logitError(q8.logits, golden, q8.vocab).relativeError).toBeLessThan(2e-2)
    })

    it('keeps what others quantised to as few bits, and quantises the rest', async () => {
      const folder = join(FIXTURES, 'qwen2-mlx8-tied')
      const { promptIds, logits: golden } = readGolden(folder)
      const files = readFolder(folder)
      const q8 = await logits(files, promptIds, { quantize: 'q8' })
      expect(logitError(q8.logits, golden, q8.vocab).relativeError).toBeLessThan(3.5e-3)
      const q4 = await logits(files, promptIds, { quantize: 'q4' }) // of the MLPs only
      expect(logitError(q4.logits, golden, q4.vocab).relativeError).toBeGreaterThan(1e-2)
      expect(logitError(q4.logits, golden, q4.vocab).relativeError).toBeLessThan(0.2)
    })

    it('gives the same logits when matrices are split and every expert has its own bank', async () => {
      const files = readFolder(MOONLIGHT)
      const { promptIds } = readGolden(MOONLIGHT)
      for (const quantize of ['fp8', 'q4'] as const) {
        const whole = await logits(files, promptIds, { quantize })
        const cut = await logits(files, promptIds, {
          quantize,
          device: { ...adapter.options, maxBindingBytes: 48 * 1024 },
        })
        expect(cut.logits).toEqual(whole.logits)
      }
    })

    it('accepts matrices of one dispatch that are stored in different types', async () => {
      const files = readFolder(MOONLIGHT)
      const mixed = withTensors(files, (tensors) => {
        for (const name of Object.keys(tensors).filter((tensor) =>
          /0\.mlp\.up_proj|experts\.1\.down/.test(tensor),
        )) {
          const [, shape, bytes] = tensors[name] ?? ['', [], new Uint8Array()]
          const codes = new Uint16Array(bytes.slice().buffer)
          tensors[name] = ['F32', shape, new Uint8Array(Float32Array.from(codes, decodeBF16).buffer)]
        }
      })
      const { promptIds } = readGolden(MOONLIGHT)
      for (const quantize of ['none', 'q4'] as const) {
        const plain = await logits(files, promptIds, { quantize })
        expect((await logits(mixed, promptIds, { quantize })).logits).toEqual(plain.logits)
      }
    })
  },
  ADAPTERS.slice(0, 1),
)

describeOnAdapters(
  'converter',
  (adapter) => {
    let device: Device
    beforeAll(async () => {
      device = await openAdapter(adapter)
    })
    afterAll(() => device.destroy())

    it('writes rows from several batches into several parts', async () => {
      // 64 different rows repeated to 20 MiB as stored, so that a batch ends within a part.
      const [rows, cols] = [64 * 320, 512]
      const codes = Uint16Array.from(normals(64 * cols, 1), encodeBF16)
      const bytes = new Uint8Array(rows * cols * 2)
      for (let at = 0; at < bytes.length; at += codes.byteLength) bytes.set(new Uint8Array(codes.buffer), at)
      const weight: TensorEntry = {
        name: 'w',
        dtype: 'BF16',
        shape: [rows, cols],
        file: 'f',
        start: 0,
        end: bytes.length,
      }
      const layout = layoutMatrix('q4', [rows], cols)
      const placements = splitMatrix(layout, 1_500_000).map((part) => ({
        part,
        buffer: device.arena.allocate('weights', 'part', part.bytes).buffer,
        offset: 0,
      }))
      expect(placements.length).toBeGreaterThan(2)
      const converter = new Converter(device)
      const storedLayout = layoutMatrix('bf16', [rows], cols)
      const writers = converter.createWriters(
        { kind: 'float', name: 'w', label: 'BF16', weight, storedLayout },
        { layout, start: 0, placements },
      )
      await converter.prepare()
      for (const [, writer] of writers.rows) {
        for (let at = 0; at < bytes.length; at += 1_000_003) writer.push(bytes.subarray(at, at + 1_000_003))
        writer.end()
      }
      converter.close()
      for (const { part, buffer } of placements) {
        const words = new Uint32Array(await readBuffer(device, buffer, part.bytes))
        const [perRow, perScale] = [layout.stride * 4, layout.scaleStride]
        expect(words.subarray(0, perRow).some((word) => word !== 0)).toBe(true)
        const repeats = (from: number, run: number, count: number) => {
          const end = from + count * run
          return words.subarray(from, end).every((word, i) => word === words[from + (i % (64 * run))])
        }
        expect(repeats(0, perRow, part.rows), `rows from ${part.firstRow}`).toBe(true)
        expect(repeats(part.scales, perScale, part.rows), `scales from ${part.firstRow}`).toBe(true)
      }
      expect(device.arena.bytes().staging ?? 0).toBe(0)
    })
  },
  ADAPTERS.slice(0, 1),
)
