// Tests of make-checkpoint: tensors, bytes, tokenizer, reproducible files, sparse pages, refusals.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type CheckpointDtype, recipeOf } from '../../src/cli/make/config-recipe.ts'
import { randomMlxTensors } from '../../src/cli/make/random-mlx.ts'
import { PAGE_BYTES } from '../../src/cli/make/random-pages.ts'
import { randomTensorsOf } from '../../src/cli/make/random-tensors.ts'
import { bytesOnDisk, shardWriter } from '../../src/cli/make/shard-writer.ts'
import { openFolder } from '../../src/cli/node-source.ts'
import { PUBLISHED_CONFIGS } from '../../src/cli/published-configs.ts'
import { findStoredMatrices } from '../../src/engine/load/find-matrices.ts'
import { plan, specFromConfig } from '../../src/engine/load/plan.ts'
import { resolveTensors } from '../../src/engine/load/resolve-tensors.ts'
import { openText } from '../../src/engine/load/text.ts'
import { openConfigured } from '../../src/engine/load/user-config.ts'
import { describeModel } from '../../src/models/describe.ts'
import { openCheckpoint } from '../../src/weights/checkpoint.ts'
import type { TensorEntry } from '../../src/weights/safetensors.ts'
import { planShards } from '../../src/weights/shards.ts'
import { matrixFloats } from '../../src/weights/split-kv.ts'
import { tensorsOfMatrix } from '../../src/weights/stored-matrix.ts'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { openModel } from '../support/model.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const FOLDER = mkdtempSync(join(tmpdir(), 'hadal-make-'))
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }))

interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function make(...argv: string[]): Promise<CommandResult> {
  const program = [join(ROOT, 'tools', 'hadal.mjs'), 'make-checkpoint', ...argv]
  return new Promise((resolve) => {
    execFile(process.execPath, program, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr })
    })
  })
}

describe('a whole model', () => {
  const contents = (like: string, dtype: CheckpointDtype) => {
    const tensors = randomTensorsOf(describeModel(recipeOf({ like, dtype }).config), dtype, false)
    const weights = tensors.filter(({ name }) => !name.endsWith('_scale_inv'))
    const parameters = weights.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)
    return { tensors: tensors.length, parameters, bytes: tensors.reduce((sum, { bytes }) => sum + bytes, 0) }
  }

  it('has the tensors and bytes of the released files', () => {
    expect(contents('V2-Lite', 'bf16')).toEqual({
      tensors: 5291,
      parameters: 15_706_484_224,
      bytes: 31_412_968_448,
    })
    // The released files also have 61 tables of rotary frequencies.
    expect(contents('Kimi-K2', 'fp8').tensors).toBe(139_644 - 61)
  })

  it.each([
    ['V2', 235.74],
    ['V3', 671.03],
    ['Moonlight', 15.96],
    ['Kimi-K2', 1026.41],
    ['GLM-4.7-Flash', 29.94],
    ['Youtu-LLM-2B', 1.962],
    ['DeepSeekMoE-16B', 16.376],
    ['R1-Distill-Qwen-1.5B', 1.777],
    ['R1-Distill-Qwen-7B', 7.616],
    ['R1-Distill-Llama-8B', 8.03],
    ['R1-0528-Qwen3-8B', 8.191],
    ['Qwen3-30B-A3B', 30.53],
    ['Ring-mini-2.0', 16.26],
    ['Granite-4.1-3B', 3.4],
    ['SmolLM3-3B', 3.075],
    ['DeepSeek-Coder-1.3B', 1.35],
  ])('%s has the published %f billion parameters', (like, billions) => {
    const digits = String(billions).split('.')[1]?.length ?? 0
    expect(contents(like, 'bf16').parameters / 1e9).toBeCloseTo(billions, digits)
  })

  it('has a chat format and a smaller variant for every name', () => {
    for (const [like, published] of Object.entries(PUBLISHED_CONFIGS)) {
      const experts = 'num_experts_per_tok' in published ? 8 : undefined
      const { config } = recipeOf({ like, dtype: 'bf16', layers: 1, vocab: 512, experts })
      expect(describeModel(config)).toMatchObject({ vocabSize: 512, mtpLayers: 0 })
    }
  })
})

/** Real widths in 170 MB. */
const SMALL = ['--like', 'Moonlight', '--layers', '1', '--vocab', '512', '--shard-size', '100MB', '--out']

describe('the command', () => {
  it('writes the same bytes for the same seed, in shards that open', async () => {
    const hashes = async (name: string, ...more: string[]) => {
      const out = join(FOLDER, name)
      expect(await make(...SMALL, out, ...more)).toMatchObject({ code: 0, stderr: '' })
      return readdirSync(out).map((file) => [
        file,
        createHash('sha256')
          .update(readFileSync(join(out, file)))
          .digest('hex'),
      ])
    }
    const first = await hashes('first')
    expect(first.map(([file]) => file)).toEqual([
      'config.json',
      'generation_config.json',
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
      'model.safetensors.index.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ])
    expect(await hashes('again')).toEqual(first)
    const other = await hashes('other', '--seed', '2')
    expect(other.filter(([, hash], i) => hash !== first[i]?.[1]).map(([file]) => file)).toEqual([
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
    ])

    const source = openFolder(join(FOLDER, 'first'))
    const { config, tensors } = await openCheckpoint(source)
    expect(tensors.size).toBe(13)
    const { tokenizer, chat } = await openText(source, describeModel(config).vocabSize, undefined)
    const { ids, text } = chat.prompt([{ role: 'user', content: 'Hé\n' }])
    expect(text).toBe('[BOS]<|im_user|>user<|im_middle|>Hé\n<|im_end|><|im_assistant|>assistant<|im_middle|>')
    expect(ids[0]).toBe(tokenizer.bosId)
    expect(ids.map((id) => new TextDecoder('latin1').decode(tokenizer.bytesOf(id))).join('')).toContain(
      'HÃ©\n',
    )
    await source.close()
  })

  it.each<[string, string[], number, RegExp]>([
    ['an unknown name', ['--like', 'V9', '--out', 'x'], 2, /"V9".*V2-Lite, V2, V3, Moonlight/],
    [
      '--experts for a dense model',
      ['--like', 'Youtu-LLM-2B', '--experts', '4', '--out', 'x'],
      2,
      /--experts/,
    ],
    ['too few tokens', ['--like', 'V3', '--vocab', '256', '--out', 'x'], 2, /at least 262/],
    ['a fraction of a layer', ['--like', 'V3', '--layers', '0.5', '--out', 'x'], 2, /--layers/],
    ['an invalid size', ['--like', 'V3', '--shard-size', '5 gigs', '--out', 'x'], 2, /--shard-size/],
    ['a folder that is not empty', ['--like', 'V3', '--layers', '1', '--out', ROOT], 1, /is not empty/],
    [
      'more bytes than the disk has free',
      ['--like', 'Kimi-K2', '--dtype', 'f32', '--dense', '--out', join(FOLDER, 'big')],
      1,
      /TiB.*free/,
    ],
  ])('refuses %s', async (_, argv, code, message) => {
    const ended = await make(...argv)
    expect(ended.stderr).toMatch(message)
    expect(ended.code).toBe(code)
  })
})

it('writes what MLX stores, with weights as large as those of other dtypes', async () => {
  const spec = describeModel(recipeOf({ like: 'V2-Lite', dtype: 'bf16' }).config)
  const whole = randomMlxTensors(spec, 'mlx4', 'BF16')
  // 15,702,949,888 weights in 4.5 bits, routers and norms in 16.
  expect(whole.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(15_702_949_888 * 0.5625 + 3_534_336 * 2)
  expect(whole.filter(({ name }) => name.includes('.switch_mlp.'))).toHaveLength(26 * 9)

  const out = join(FOLDER, 'mlx3')
  const small = ['--layers', '2', '--vocab', '512', '--experts', '6', '--format', 'mlx3']
  expect(await make('--like', 'V2-Lite', '--out', out, ...small)).toMatchObject({ code: 0, stderr: '' })
  const source = openFolder(out)
  const planned = await plan(source, { limits: {} })
  expect(planned.notices).toEqual([])
  expect(planned.weights?.map(({ stored }) => stored)).toEqual(['MLX 3 bits, groups of 64', 'BF16'])
  const checkpoint = await openConfigured(source, {})
  const tensors = [{ name: 'model.layers.1.mlp.experts.5.down_proj.weight', shape: [2048, 1408] }]
  const smallSpec = specFromConfig(checkpoint)
  const [matrix] = findStoredMatrices(smallSpec, resolveTensors(smallSpec, checkpoint), tensors)
  if (matrix?.kind !== 'integer') throw new Error('not integers')
  const bytes = new Map<TensorEntry, Uint8Array<ArrayBuffer>>()
  for (const entry of tensorsOfMatrix(matrix))
    bytes.set(entry, await source.read(entry.file, entry.start, entry.end))
  const weights = matrixFloats(matrix, bytes)
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length
  const deviation = Math.sqrt(weights.reduce((sum, weight) => sum + (weight - mean) ** 2, 0) / weights.length)
  expect(deviation * Math.sqrt(1408)).toBeCloseTo(1, 1)
  expect(Math.abs(mean) / deviation).toBeLessThan(0.01)
  await source.close()
})

it('skips pages of sparse matrices, and the same ones in gate and up', () => {
  const spec = describeModel(
    recipeOf({ like: 'V2-Lite', dtype: 'bf16', layers: 2, vocab: 512, experts: 6 }).config,
  )
  const tensors = randomTensorsOf(spec, 'bf16', true).filter(({ name }) => name.includes('experts.5.'))
  const [shard] = planShards(tensors, 1e9)
  if (!shard) throw new Error('no shard')
  const path = join(FOLDER, shard.file)
  shardWriter(1)(path, shard)
  const file = readFileSync(path)
  expect(file.length).toBe(shard.bytes)
  const written = (name: string) => {
    const placed = shard.tensors.find(({ tensor }) => tensor.name.endsWith(`${name}.weight`))
    if (!placed) throw new Error(name)
    const pages = Array.from(
      { length: placed.tensor.bytes / PAGE_BYTES },
      (_, i) => placed.start + i * PAGE_BYTES,
    )
    return pages
      .map((at, i) => (file.subarray(at, at + PAGE_BYTES).some((byte) => byte !== 0) ? i : -1))
      .filter((i) => i >= 0)
  }
  expect(written('gate_proj')).toEqual(written('up_proj'))
  for (const name of ['gate_proj', 'down_proj']) expect(written(name)).toHaveLength(1408 / 32)
  expect(bytesOnDisk(shard)).toBe(shard.header.length + (3 * 1408 * PAGE_BYTES) / 32)
})

describeOnAdapters(
  'a made checkpoint',
  (adapter) => {
    it('gives logits of a normal size with the real widths', async () => {
      const out = join(FOLDER, 'computed')
      expect(await make(...SMALL, out)).toMatchObject({ code: 0 })
      const engine = await openModel(out, adapter, { contextLength: 64 })
      const logits = await engine.logits([7, 300, 11])
      engine.destroy()
      const mean = logits.reduce((sum, x) => sum + x, 0) / logits.length
      const deviation = Math.sqrt(logits.reduce((sum, x) => sum + (x - mean) ** 2, 0) / logits.length)
      expect(deviation).toBeGreaterThan(0.3)
      expect(deviation).toBeLessThan(3)
    })
  },
  ADAPTERS.filter(({ name }) => name === 'lavapipe-plain'),
)
