// Tests that drivers which miscalculate are detected, and that the model still answers correctly.
// Modified shaders stand in for such drivers.
import { join } from 'node:path'
import sources from 'virtual:shaders'
import { describe, expect, it } from 'vitest'
import type { EngineOptions } from '../../src/engine/options.ts'
import type { ModelInfo } from '../../src/engine/types.ts'
import { PLAIN_VARIANTS, type Variants } from '../../src/gpu/variants.ts'
import { relativeError } from '../../src/lib/relative-error.ts'
import { ADAPTERS, type AdapterCase, describeOnAdapters, persistentGpu } from '../support/adapter.ts'
import { FIXTURES, openModel, readGolden } from '../support/model.ts'
import { tamperedShader } from '../support/tampered-shader.ts'

interface Opened {
  readonly info: ModelInfo
  readonly errors: readonly number[] // of the logits, by prefill and by decode
}

/** Opens a fixture with some shaders replaced and compares its logits with the oracle's. */
async function open(
  adapter: AdapterCase,
  name: string,
  shaders: Record<string, string> = {},
  options: EngineOptions = {},
): Promise<Opened> {
  const folder = join(FIXTURES, name)
  const golden = readGolden(folder)
  const gpu = await persistentGpu(adapter.match)
  const engine = await openModel(folder, adapter, { ...options, gpu, shaders: { ...sources, ...shaders } })
  try {
    const errors: number[] = []
    for (const mode of ['whole', 'decode'] as const)
      errors.push(relativeError(await engine.logits(golden.promptIds, mode), golden.logits))
    return { info: engine.info, errors }
  } finally {
    engine.destroy()
  }
}

type VariantNames = { readonly [Name in keyof Variants]?: string }

const variantsOf = ({ variants }: ModelInfo): VariantNames =>
  Object.fromEntries(variants.map(({ decision, variant }) => [decision, variant]))

/**
 * Compiling a model takes SwiftShader seconds, so other adapters than the first test fewer models, and only
 * what depends on the adapter.
 */
const testsAll = (adapter: AdapterCase) => adapter.name === 'lavapipe'

describeOnAdapters('the self-test', (adapter) => {
  const models = [
    'deepseek_v3-fp8-tiny',
    'qwen2-bf16',
    'deepseek_v3-fp8-awkward',
    'deepseek_v3-f16-awkward',
    'deepseek_v3-f32-tied',
    'moonlight-bf16-tiny',
    'youtu-bf16',
    'qwen3-fp8',
  ]
  it.each(testsAll(adapter) ? models : models.slice(0, 1))('finds nothing wrong with %s', async (name) => {
    const { info, errors } = await open(adapter, name)
    expect(info.notices).toEqual([])
    expect(Math.max(...errors)).toBeLessThan(2e-3)
  })

  const formats = [
    ['q4', 'fp8'],
    ['q8', 'f32'],
  ] as const
  it.each(testsAll(adapter) ? formats : formats.slice(0, 1))(
    'finds nothing wrong with %s and a cache in %s',
    async (quantize, cache) => {
      const { info } = await open(adapter, 'deepseek_v3-fp8-tiny', {}, { quantize, cache })
      expect(info.notices).toEqual([])
    },
  )

  it('detects FP8 subnormals that are flushed in f16', async () => {
    const flushing = tamperedShader(
      'weights/fp8_block_f16',
      'return vec4<f32>(even.x, odd.x, even.y, odd.y);',
      'let all = vec4<f32>(even.x, odd.x, even.y, odd.y); ' +
        'return select(all, vec4<f32>(), abs(all) < vec4<f32>(6.1e-5));',
    )
    const { info, errors } = await open(adapter, 'deepseek_v3-fp8-tiny', flushing)
    expect(variantsOf(info).fp8_block).toBe('plain')
    expect(variantsOf(info).matvec).not.toBe(PLAIN_VARIANTS.matvec)
    expect(info.notices.join()).toMatch(/miscalculates linear_decode with fp8_block f16/)
    expect(Math.max(...errors)).toBeLessThan(2e-3)
  })

  it.skipIf(!testsAll(adapter))('detects a bank that is read at a wrong offset', async () => {
    const moved = tamperedShader('shared/banks_1', 'return weights0[i];', 'return weights0[i + 1];')
    const small = { ...adapter, options: { ...adapter.options, maxBindingBytes: 48 * 1024 } }
    const { info, errors } = await open(small, 'deepseek_v3-fp8-tiny', moved)
    expect(variantsOf(info).banks).toBe('4')
    expect(info.notices).toHaveLength(1)
    expect(Math.max(...errors)).toBeLessThan(2e-3)
  })

  it('names kernel and adapter when the plain variant is wrong too', async () => {
    const twice = tamperedShader(
      'linear/linear_decode',
      'let sum = scales[row]',
      'let sum = 2.0 * scales[row]',
    )
    await expect(open(adapter, 'deepseek_v3-fp8-tiny', twice)).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringMatching(/(llvmpipe|SwiftShader).* miscalculates linear_decode/i),
      hint: expect.stringMatching(/driver/),
    })
  })
})

describeOnAdapters(
  'a kernel without variants',
  (adapter) => {
    it.each([
      ['sample/sample_token', 'counts[id] += 1', 'counts[id] += 2'],
      ['attention/mla_combine_splits', 'NOPE + i / LANES', 'i / LANES'],
    ])('stops the load when %s is wrong', async (path, search, replacement) => {
      const wrong = tamperedShader(path, search, replacement)
      await expect(open(adapter, 'deepseek_v3-fp8-tiny', wrong)).rejects.toMatchObject({
        code: 'internal',
        message: expect.stringContaining(`miscalculates ${path.slice(path.indexOf('/') + 1)},`),
      })
    })

    it('is checked before its first use if a load does not run it', async () => {
      const shaders = {
        ...sources,
        ...tamperedShader('sample/top_logprobs', '= best + log(', '= log('),
        ...tamperedShader('attention/mla_write_expanded', 'head, NOPE + 2 * pair)', 'head, 2 * pair)'),
      }
      const gpu = await persistentGpu(adapter.match)
      const engine = await openModel(join(FIXTURES, 'deepseek_v3-fp8-tiny'), adapter, { gpu, shaders })
      try {
        await expect(engine.openSession({ cache: 'standard' })).rejects.toThrow(
          /miscalculates mla_write_expanded,/,
        )
        const first = (logprobs?: number) =>
          engine.generate({ input: { ids: [1, 2] }, maxTokens: 1, ...(logprobs && { logprobs }) }).next()
        await expect(first(2)).rejects.toThrow(/miscalculates top_logprobs,/)
        await expect(first()).resolves.toMatchObject({ done: false })
      } finally {
        engine.destroy()
      }
    })
  },
  ADAPTERS.slice(0, 1),
)

/** Subgroup sizes of the software adapters. */
const SUBGROUP_SIZES: Readonly<Record<string, number>> = { lavapipe: 8, swiftshader: 4 }

describeOnAdapters(
  'the self-test of subgroups',
  (adapter) => {
    const width = SUBGROUP_SIZES[adapter.name] ?? 0
    const broadcast = `subgroup_broadcast_${width}`

    const models = [
      ['deepseek_v3-fp8-tiny', 'MLA'],
      ['qwen2-bf16', 'GQA'],
    ] as const
    const ofWidth = [
      ['matmul', `linear/tile_${broadcast}`, 'places.y', 'places.x'],
      ['attention', `attention/${broadcast}`, 'weights[places.y', 'weights[places.x'],
    ] as const
    const ofAnyWidth = [
      [
        'reduce',
        'shared/reduce_subgroup',
        'subgroupAdd(value)',
        'subgroupAdd(select(value, 0.0, lane == 5))',
      ],
      ['matvec', 'shared/row_tiling_subgroup', 'return lane;', 'return lane / 2 * 2;'],
      ['matvec', 'shared/row_tiling_subgroup', 'return subgroupAdd(value);', 'return value;'],
    ] as const
    const wrong = testsAll(adapter) ? [...ofWidth, ...ofAnyWidth] : ofWidth
    describe.each(testsAll(adapter) ? models : models.slice(0, 1))('%s, with %s', (name) => {
      it.each(wrong)('falls back from wrong %s (%s)', async (decision, path, find, put) => {
        const { info, errors } = await open(adapter, name, tamperedShader(path, find, put))
        expect(variantsOf(info)[decision]).toBe(PLAIN_VARIANTS[decision])
        expect(info.notices).toHaveLength(1)
        expect(info.notices[0]).toContain(`with ${decision}`)
        expect(Math.max(...errors)).toBeLessThan(2e-3)
      })
    })

    it.skipIf(!testsAll(adapter))('detects wrong reads of FP8 latents', async () => {
      const larger = tamperedShader('cache/fp8', 'quad = scale *', 'quad = 1.5 * scale *')
      await expect(open(adapter, 'deepseek_v3-fp8-tiny', larger, { cache: 'fp8' })).rejects.toMatchObject({
        code: 'internal',
        message: expect.stringMatching(/miscalculates mla_expand_kv,/),
      })
    })

    it('falls back from a variant that does not compile', async () => {
      const broken = tamperedShader('linear/subgroup_broadcast_tile', 'fn multiply_tile', 'fn no_such_tile')
      const { info, errors } = await open(adapter, 'deepseek_v3-fp8-tiny', broken)
      expect(variantsOf(info).matmul).toBe('workgroup')
      expect(Math.max(...errors)).toBeLessThan(2e-3)
    })

    it.skipIf(!testsAll(adapter))('falls back from two decisions at once', async () => {
      const both = {
        ...tamperedShader('weights/fp8_block_f16', 'f32 = 256;', 'f32 = 255;'),
        ...tamperedShader('shared/row_tiling_subgroup', 'return lane;', 'return 0;'),
      }
      const { info, errors } = await open(adapter, 'deepseek_v3-fp8-tiny', both)
      expect(variantsOf(info)).toMatchObject({
        matvec: 'lanes8',
        fp8_block: 'plain',
      } satisfies VariantNames)
      expect(Math.max(...errors)).toBeLessThan(2e-3)
    })
  },
  ADAPTERS.filter(({ name }) => name in SUBGROUP_SIZES),
)
