// Tests that a packed model gives exactly the same logits when it is loaded again, and that it is small.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadEngine } from '../../src/engine/load-engine.ts'
import type { EngineOptions } from '../../src/engine/options.ts'
import type { QuantizeOption } from '../../src/engine/types.ts'
import { HadalError } from '../../src/lib/error.ts'
import type { ModelWriter } from '../../src/store/writer.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { ADAPTERS, describeOnAdapters, openGpu } from '../support/adapter.ts'
import { EMBEDDING_FIXTURE, embedAll, embeddingFiles } from '../support/embedding.ts'
import { type ModelFiles, readFixture, readFolder } from '../support/folder.ts'
import { FIXTURES, readGolden } from '../support/model.ts'

/**
 * Models with and without experts, biases, head norms, tied heads, odd sizes, FP8 blocks and other scale
 * types, scales with offsets, a shared expert in another format; the quantization they are packed with, and
 * the one they are loaded with again.
 */
const CASES: readonly (readonly [fixture: string, quantize: QuantizeOption, again: QuantizeOption])[] = [
  ['moonlight-bf16-tiny', { experts: 'q4', head: 'fp8' }, { experts: 'q4', head: 'fp8' }],
  ['deepseek_v3-fp8-awkward', 'none', 'none'],
  ['deepseek_v3-fp8-awkward', 'q4', 'q4'],
  ['deepseek_v2-e8m0', 'q8', 'none'],
  ['deepseek_v3-f16-awkward', 'fp8', 'none'],
  ['deepseek_v3-f32-tied', 'q8', 'q8'],
  ['qwen2-bf16', 'q4', 'none'],
  ['qwen3-fp8', 'q4', 'auto'],
  ['deepseek_v2_lite-mlx4', 'none', 'none'],
  ['llama-mlx3-f16', 'none', 'none'],
  ['deepseek_v3-ct4-experts', 'none', 'none'],
  ['qwen3-ctfp8-channel', 'none', 'none'],
]

/** Keeps the written files in memory; they appear with `commit`. */
function memoryWriter(): ModelWriter & { readonly files: ModelFiles; readonly ends: string[] } {
  const parts = new Map<string, { at: number; bytes: Uint8Array }[]>()
  const files: ModelFiles = {}
  const ends: string[] = []
  return {
    files,
    ends,
    async write(path, at, bytes) {
      const written = parts.get(path) ?? []
      parts.set(path, [...written, { at, bytes: bytes.slice() }])
    },
    async commit() {
      ends.push('commit')
      for (const [path, written] of parts) {
        const file = new Uint8Array(Math.max(...written.map(({ at, bytes }) => at + bytes.length)))
        for (const { at, bytes } of written) file.set(bytes, at)
        files[path] = file
      }
    },
    async cancel() {
      ends.push('cancel')
    },
  }
}

describeOnAdapters(
  'packed models',
  (adapter) => {
    const load = async (files: ModelFiles, options: EngineOptions) =>
      loadEngine(openMemory(files), {
        gpu: await openGpu(adapter.match),
        device: adapter.options,
        ...options,
      })
    const logitsOf = async (files: ModelFiles, ids: readonly number[], options: EngineOptions) => {
      const engine = await load(files, options)
      const { weights = 0, experts = 0 } = engine.gpuBytes()
      return { logits: await engine.logits(ids).finally(() => engine.destroy()), bytes: weights + experts }
    }

    it.each(CASES)('%s packed as %o gives the same logits again', async (fixture, quantize, again) => {
      const folder = join(FIXTURES, fixture)
      const { promptIds } = readGolden(folder)
      const writer = memoryWriter()
      const phases = new Set<string>()
      // Small bindings split matrices here; they are whole when loaded again.
      const first = await logitsOf(readFolder(folder), promptIds, {
        quantize,
        device: { ...adapter.options, maxBindingBytes: 64 * 1024 },
        pack: async () => writer,
        onProgress: ({ phase }) => phases.add(phase),
      })
      expect([...phases]).toContain('keep')
      const { 'model.safetensors': weights = '', ...texts } = writer.files
      expect(Object.keys(texts)).toEqual(expect.arrayContaining(['config.json', 'tokenizer.json']))
      const second = await logitsOf(writer.files, promptIds, { quantize: again })
      expect(second.logits).toEqual(first.logits)
      // The header counts in such small models.
      expect(weights.length).toBeLessThan(1.05 * first.bytes + 2 ** 17)
    })

    it('keeps what the folder says about embeddings, and that there is no output head', async () => {
      const config = JSON.parse(readFileSync(join(EMBEDDING_FIXTURE, 'config.json'), 'utf8'))
      const headless = embeddingFiles({ 'config.json': { ...config, tie_word_embeddings: false } })
      const writer = memoryWriter()
      const embedded = async (files: ModelFiles, options: EngineOptions) => {
        const engine = await load(files, { quantize: 'q8', ...options })
        return embedAll(engine, { input: ['a text', 'another'] }).finally(() => engine.destroy())
      }
      const first = await embedded(headless, { pack: async () => writer })
      expect(await embedded(writer.files, {})).toEqual(first)
    })

    it('reports a full disk, still runs, and leaves no files', async () => {
      const writer = memoryWriter()
      const full = new HadalError('storage_full', 'model.safetensors needs 1 MB.', { hint: '' })
      const engine = await load(readFixture('qwen2-bf16'), {
        quantize: 'q4',
        pack: async () => ({ ...writer, write: () => Promise.reject(full) }),
      })
      expect(engine.info.notices).toEqual([
        'The model could not be stored for next time. model.safetensors needs 1 MB.',
      ])
      expect(writer.ends).toEqual(['cancel'])
      engine.destroy()
    })

    it('stops when loading is cancelled', async () => {
      const writer = memoryWriter()
      const cancelled = new AbortController()
      const loading = load(readFixture('qwen2-bf16'), {
        quantize: 'q4',
        pack: async () => writer,
        signal: cancelled.signal,
        onProgress: ({ phase }) => phase === 'keep' && cancelled.abort(),
      })
      await expect(loading).rejects.toMatchObject({ code: 'aborted' })
      expect(writer.ends).toEqual(['cancel'])
    })
  },
  ADAPTERS.slice(0, 1),
)
