// Tests of folders that Hadal writes in MLX's layout: the same logits as quantizing on load, the same tensors
// as a file that already is so, and what stays, is refused or is left out.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { QuantizeChoice } from '../../src/engine/load/quantization.ts'
import { loadEngine } from '../../src/engine/load-engine.ts'
import { toF32 } from '../../src/lib/float.ts'
import { relativeError } from '../../src/lib/relative-error.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { mlxCodes, mlxScales } from '../../src/weights/mlx-codes.ts'
import { ADAPTERS, describeOnAdapters, persistentGpu } from '../support/adapter.ts'
import { type ModelFiles, readFixture, readFolder, withTensors } from '../support/folder.ts'
import { gpuWeights, writeInMemory } from '../support/mlx-folder.ts'
import { dequantized, jsonOf, tensorsOf } from '../support/mlx-reader.ts'
import { FIXTURES, GREEDY, LANTERNFISH, readGolden, runRequest } from '../support/model.ts'

describe('codes and scales', () => {
  it('become the words of the format', () => {
    const row = Uint8Array.from({ length: 16 }, (_, i) => (i & 15) | (((i + 3) & 15) << 4))
    const columns = [...row].map((byte) => byte & 15).concat([...row].map((byte) => byte >> 4))
    const pairs = (flip: number) =>
      Uint8Array.from({ length: 16 }, (_, i) => {
        const [low = 0, high = 0] = [columns[2 * i], columns[2 * i + 1]]
        return (low ^ flip) | ((high ^ flip) << 4)
      })
    expect(mlxCodes('a4', row)).toEqual(pairs(0))
    expect(mlxCodes('q4', row)).toEqual(pairs(8))
    expect([...mlxCodes('q8', Uint8Array.of(0x80, 0xff, 0, 0x7f))]).toEqual([0, 127, 128, 255])
    const scales = new Uint8Array(Uint16Array.of(0x3f80, 0xbe20, 0).buffer) // 1, -0.15625, 0
    expect(new Uint16Array(mlxScales('q4', 'BF16', scales).biases.buffer)).toEqual(
      Uint16Array.of(0xc100, 0x3fa0, 0), // -8, 1.25, 0
    )
    expect(new Uint16Array(mlxScales('q8', 'BF16', scales).biases.buffer)[0]).toBe(0xc300) // -128
    const pair = new Uint8Array(Uint16Array.of(1, 2, 3, 4).buffer)
    const { scales: first, biases: second } = mlxScales('a4', 'F16', pair)
    expect([...new Uint16Array(first.buffer), ...new Uint16Array(second.buffer)]).toEqual([1, 3, 2, 4])
  })

  it('refuse a scale whose offset would overflow', () => {
    const huge = new Uint8Array(Uint16Array.of(0x7b80).buffer) // 2^120
    expect(() => mlxScales('q8', 'BF16', huge)).toThrow('overflow')
  })
})

const ALL_Q4 = { experts: 'q4', mlp: 'q4', attention: 'q4', embedding: 'q4', head: 'q4' } as const

/**
 * Floats with and without a query latent and with tied heads, FP8, and formats of other tools that are
 * converted or kept: MLX of 3 to 8 bits, in halves of kv_b_proj too, int4 experts, AWQ, GPTQ; sizes that MLX
 * cannot quantize.
 */
const CASES: readonly (readonly [fixture: string, quantize: QuantizeChoice])[] = [
  ['moonlight-bf16-tiny', 'q4'],
  ['deepseek_v3-f32-tied', 'q8'],
  ['deepseek_v3-fp8-tiny', ALL_Q4],
  ['qwen2-mlx8-tied', ALL_Q4],
  ['deepseek_v2_lite-mlx4', 'q8'],
  ['deepseek_v3-mlx4-mixed', { experts: 'q8' }],
  ['llama-mlx3-f16', 'q4'],
  ['deepseek_v3-ct4-experts', 'q4'],
  ['deepseek_v2-awq4', 'q8'],
  ['qwen2-gptq4', 'q4'],
  ['qwen3_moe-bf16', { experts: 'none' }],
  ['bailing_moe-bf16', { experts: 'none' }],
]

describeOnAdapters(
  'a folder in the layout of MLX',
  (adapter) => {
    const load = async (files: ModelFiles, quantize: QuantizeChoice) =>
      loadEngine(openMemory(files), {
        gpu: await persistentGpu(adapter.match),
        device: adapter.options,
        quantize,
      })
    const write = (files: ModelFiles, quantize: QuantizeChoice) => writeInMemory(files, { quantize, adapter })

    it.each(CASES)(
      '%s as %o puts the same bytes on the GPU as quantizing on load',
      async (fixture, quantize) => {
        const files = readFixture(fixture)
        const written = await write(files, quantize)
        expect(written.notices).toEqual([])
        expect(Object.keys(written.files)).toEqual([...written.paths])
        expect(written.paths.at(-1)).toBe('config.json')
        const onLoad = await gpuWeights(files, { quantize, adapter })
        expect(Object.keys(onLoad).length).toBeGreaterThan(10)
        expect(await gpuWeights(written.files, { quantize: 'none', adapter })).toEqual(onLoad)
      },
    )

    it('gives the logits and the greedy answer of quantizing on load', async () => {
      const files = readFixture('moonlight-bf16-tiny')
      const { promptIds } = readGolden(join(FIXTURES, 'moonlight-bf16-tiny'))
      const answers: unknown[] = []
      for (const [folder, quantize] of [
        [files, 'q4'],
        [(await write(files, 'q4')).files, 'none'],
      ] as const) {
        const engine = await load(folder, quantize)
        const request = { input: { ids: [...promptIds] }, maxTokens: 12, sampling: GREEDY }
        const { ids } = await runRequest(engine, request)
        answers.push({ ids, logits: await engine.logits(promptIds) })
        engine.destroy()
      }
      expect(answers[1]).toEqual(answers[0])
    })

    it('repeats the tensors of a file that already has this layout', async () => {
      for (const fixture of ['deepseek_v2_lite-mlx4', 'deepseek_v3-mlx4-mixed', 'llama-mlx3-f16']) {
        const files = readFixture(fixture)
        const written = tensorsOf((await write(files, { experts: 'q8' })).files)
        const stored = tensorsOf(files)
        const kept = Object.keys(stored).filter((name) => name.replace(/\w+$/, 'scales') in stored)
        expect(kept.length, fixture).toBeGreaterThan(20)
        for (const name of kept) {
          const [own, other] = [written[name], stored[name]].map((tensor = ['', [], new Uint8Array()]) => ({
            type: tensor.slice(0, 2),
            bytes: Buffer.from(tensor[2]).toString('base64'),
          }))
          expect(own, name).toEqual(other)
        }
      }
    })

    it('holds what a reader made from the specification reads', async () => {
      const { files } = await write(readFixture('moonlight-bf16-tiny'), 'q4')
      const sha256 = (module: string) =>
        createHash('sha256')
          .update(new Uint8Array(dequantized(files, module).buffer))
          .digest('hex')
          .slice(0, 16)
      // From tools/oracle/read_mlx.py.
      expect(sha256('model.embed_tokens')).toBe('ce75ae1dcf187ff6')
      expect(sha256('model.layers.1.mlp.switch_mlp.down_proj')).toBe('ff15e26d243fa399')
      expect(sha256('model.layers.0.self_attn.kv_b_proj')).toBe('51570f5b10ca71c0')
    })

    it('names modules and their bits as mlx-lm does, and leaves routers and draft layers out', async () => {
      const { files } = await write(readFixture('deepseek_v3-fp8-tiny'), {
        attention: 'q4',
        mlp: 'q8',
        experts: 'q8',
        embedding: 'q8',
      })
      const { quantization, quantization_config, model_type } = jsonOf(files, 'config.json')
      expect(quantization).toMatchObject({ group_size: 32, bits: 8, mode: 'affine', symmetric: true })
      expect(quantization_config).toEqual(quantization)
      expect(model_type).toBe('deepseek_v3')
      const four = { group_size: 32, bits: 4, mode: 'affine' }
      const attention = 'model.layers.0.self_attn'
      for (const module of ['kv_b_proj', 'embed_q', 'unembed_out', 'q_a_proj'])
        expect(quantization[`${attention}.${module}`], module).toEqual(four)
      expect(quantization.lm_head).toBeUndefined()
      const tensors = tensorsOf(files)
      expect(tensors['model.layers.1.mlp.switch_mlp.up_proj.weight']?.slice(0, 2)).toEqual([
        'U32',
        [6, 128, 32],
      ])
      expect(tensors['model.layers.1.mlp.switch_mlp.up_proj.biases']?.slice(0, 2)).toEqual([
        'BF16',
        [6, 128, 4],
      ])
      expect(tensors['model.layers.1.mlp.gate.weight']?.[0]).toBe('BF16')
      expect(tensors['model.layers.1.mlp.gate.e_score_correction_bias']?.[0]).toBe('F32')
      expect(Object.keys(tensors).filter((name) => /layers\.2\.|_inv$|experts\.\d/.test(name))).toEqual([])
      const { metadata, weight_map } = jsonOf(files, 'model.safetensors.index.json')
      expect(Object.keys(weight_map).sort()).toEqual(Object.keys(tensors).sort())
      const bytes = Object.values(tensors).reduce((sum, [, , data]) => sum + data.length, 0)
      expect(metadata.total_size).toBe(bytes)
      expect(new TextDecoder().decode(files['model.safetensors'] as Uint8Array)).toContain('"format":"mlx"')
    })

    it('names the router of Ling as mlx-lm does', async () => {
      const { files } = await write(readFixture('bailing_moe-bf16'), { experts: 'none' })
      const names = Object.keys(tensorsOf(files)).filter((name) => name.includes('layers.1.mlp.gate.'))
      expect(names.sort()).toEqual([
        'model.layers.1.mlp.gate.expert_bias',
        'model.layers.1.mlp.gate.gate_proj.weight',
      ])
    })

    it('turns FP8 that would stay into q8, and says so', async () => {
      const files = readFixture('qwen3-ctfp8-channel')
      const { files: written, notices } = await write(files, 'q8')
      expect(notices).toHaveLength(1)
      expect(notices[0]).toMatch(/^\d+ matrices that quantizing leaves in FP8 are written as q8/)
      const module = 'model.layers.1.mlp.down_proj'
      const stored = tensorsOf(files)
      const codes = toF32('F8_E4M3', stored[`${module}.weight`]?.[2].slice() ?? new Uint8Array())
      const scales = toF32('BF16', stored[`${module}.weight_scale`]?.[2].slice() ?? new Uint8Array())
      const cols = codes.length / scales.length
      const expected = codes.map((code, i) => code * (scales[Math.floor(i / cols)] ?? 0))
      const error = relativeError(dequantized(written, module), expected)
      expect(error).toBeGreaterThan(2e-3)
      expect(error).toBeLessThan(8e-3)
    })

    it('leaves rows that are no multiple of 32 as they are, and says so', async () => {
      const files = readFixture('deepseek-f16')
      const written = await write(files, 'q4')
      expect(written.notices.join()).toMatch(/matrices stay as they are, because MLX quantizes only rows/)
      const [stored, tensors] = [tensorsOf(files), tensorsOf(written.files)]
      const name = 'model.layers.0.self_attn.q_proj.weight'
      expect(tensors[name]).toEqual(stored[name])
      expect(jsonOf(written.files, 'config.json').quantization).toBeUndefined()
    })

    it('is split into files of even size', async () => {
      const maxShardBytes = 500_000
      const whole = await write(readFixture('moonlight-bf16-tiny'), 'q8')
      const options = { quantize: 'q8', adapter, maxShardBytes } as const
      const split = await writeInMemory(readFixture('moonlight-bf16-tiny'), options)
      const shards = split.paths.filter((path) => path.endsWith('.safetensors'))
      expect(shards[0]).toBe(`model-00001-of-${String(shards.length).padStart(5, '0')}.safetensors`)
      expect(tensorsOf(split.files)).toEqual(tensorsOf(whole.files))
    })

    it('is not written from weights that are not finite', async () => {
      const broken = withTensors(readFixture('moonlight-bf16-tiny'), (tensors) => {
        const [, , bytes] = tensors['model.layers.1.mlp.experts.3.up_proj.weight'] ?? []
        bytes?.set([0xc0, 0x7f], 10) // NaN in BF16
      })
      await expect(write(broken, 'q4')).rejects.toMatchObject({
        code: 'bad_file',
        tensor: 'model.layers.1.mlp.experts.3.up_proj.weight',
      })
    })

    it('is checked against what config.json says of its offsets', async () => {
      const { files } = await write(readFixture('moonlight-bf16-tiny'), 'q4')
      const tampered = withTensors(files, (tensors) => {
        tensors['model.layers.0.mlp.up_proj.biases']?.[2].set([0x12, 0x34])
      })
      await expect(load(tampered, 'none')).rejects.toMatchObject({
        code: 'bad_file',
        tensor: 'model.layers.0.mlp.up_proj.biases',
      })
    })

    it('is abandoned when that is cancelled, without a config.json', async () => {
      const cancelled = new AbortController()
      const options = { quantize: 'q4', adapter, signal: cancelled.signal } as const
      const writing = writeInMemory(readFolder(LANTERNFISH), {
        ...options,
        onProgress: () => cancelled.abort(),
      })
      await expect(writing).rejects.toMatchObject({ code: 'aborted' })
    })
  },
  ADAPTERS.slice(0, 1),
)
