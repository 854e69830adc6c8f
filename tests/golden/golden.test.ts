// Golden tests: logits in all three modes and greedy tokens agree with the oracle, on every adapter.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { LogitsMode } from '../../src/engine/run/logits.ts'
import { relativeError } from '../../src/lib/relative-error.ts'
import type { CacheKind } from '../../src/models/cache-layout.ts'
import { type AdapterCase, describeOnAdapters, openGpu } from '../support/adapter.ts'
import { FIXTURES, GREEDY, openModel, readGolden, runRequest } from '../support/model.ts'

const MODES: readonly LogitsMode[] = ['whole', 'chunked', 'decode']

/** Relative error of the logits: with cache and matmuls in f16, and with everything in f32. */
const MAX_ERROR = { f16: 2e-3, f32: 1e-4 } as const

/** So small that every matrix of the fixture is split, and every expert has a bank of its own. */
const SMALL_BINDINGS = 48 * 1024

/** Fixtures whose kernels others run in f16. */
const ONLY_F32 = ['deepseek_v2-awq4', 'deepseek_v3-mlx4-mixed', 'llama-mlx3-f16']

/**
 * Per adapter one cache type, with every fixture or with those whose kernels differ. Both types are covered.
 */
const CASES: Readonly<Record<string, { readonly cache: 'f16' | 'f32'; readonly only?: readonly string[] }>> =
  {
    lavapipe: { cache: 'f16', only: readdirSync(FIXTURES).filter((name) => !ONLY_F32.includes(name)) },
    'lavapipe-plain': {
      cache: 'f32',
      only: [
        ...ONLY_F32,
        'bailing_moe-bf16',
        'deepseek-f16',
        'deepseek_v2-e8m0',
        'deepseek_v3-f32-tied',
        'deepseek_v3-fp8-awkward',
        'deepseek_v3-fp8-tiny',
        'glm4_moe_lite-f16',
        'granite-bf16',
        'llama-bf16',
        'qwen3-fp8',
        'smollm3-f16',
      ],
    },
    swiftshader: {
      cache: 'f16',
      only: [
        'deepseek_v3-fp8-tiny',
        'deepseek_v2-e8m0',
        'deepseek_v2_lite-mlx4',
        'granite-bf16',
        'llama-bf16',
      ],
    },
  }

/** Fixtures that run once more with expanded keys and values. */
const EXPANDED = ['deepseek_v3-fp8-tiny', 'deepseek_v3-fp8-awkward', 'deepseek_v2_lite-bf16']

describeOnAdapters('goldens', (adapter) => {
  const cases = CASES[adapter.name] ?? { cache: 'f16' }
  for (const name of cases.only ?? readdirSync(FIXTURES)) {
    it(`${name}: ${cases.cache} cache`, () => compare(adapter, name, cases.cache))
  }

  for (const name of EXPANDED.filter((fixture) => cases.only?.includes(fixture) ?? true)) {
    it(`${name}: ${cases.cache} cache, expanded`, () =>
      compare(adapter, name, cases.cache, { kind: 'standard' }))
  }

  it('deepseek_v3-fp8-tiny: matrices in parts, experts in many banks', () =>
    compare(
      { ...adapter, options: { ...adapter.options, maxBindingBytes: SMALL_BINDINGS } },
      'deepseek_v3-fp8-tiny',
      'f16',
    ))

  it.runIf(adapter.name === 'lavapipe')('deepseek_v3-fp8-tiny: variants and sizes of a GPU', async () =>
    compare(adapter, 'deepseek_v3-fp8-tiny', 'f16', { gpu: disguisedGpu(await openGpu(adapter.match)) }),
  )
})

/** The adapters of a GPU without what tells that they run on a CPU. */
function disguisedGpu(gpu: GPU): GPU {
  const requestAdapter = async () => {
    const adapter = await gpu.requestAdapter()
    if (!adapter) return null
    const { features, limits, info } = adapter
    const { subgroupMinSize, subgroupMaxSize } = info
    const requestDevice = adapter.requestDevice.bind(adapter)
    return { features, limits, info: { vendor: 'any', subgroupMinSize, subgroupMaxSize }, requestDevice }
  }
  return Object.assign(Object.create(gpu), { requestAdapter })
}

async function compare(
  adapter: AdapterCase,
  name: string,
  cache: 'f16' | 'f32',
  { kind, gpu }: { readonly kind?: CacheKind; readonly gpu?: GPU } = {},
): Promise<void> {
  const folder = join(FIXTURES, name)
  const golden = readGolden(folder)
  const engine = await openModel(folder, adapter, {
    ...(gpu && { gpu }),
    cache,
    matmulPrecision: cache === 'f16' && !name.includes('f32') ? 'f16' : 'f32',
  })
  try {
    if (gpu) expect(engine.device.capabilities.software).toBe(false)
    for (const mode of MODES) {
      const error = relativeError(await engine.logits(golden.promptIds, mode, { cache: kind }), golden.logits)
      expect(error, `${mode}: relative error of the logits`).toBeLessThanOrEqual(MAX_ERROR[cache])
    }
    const request = { input: { ids: golden.promptIds }, maxTokens: 32, sampling: GREEDY }
    const session = await engine.openSession({ cache: kind })
    expect((await runRequest(engine, request, undefined, session)).ids).toEqual(golden.continuationIds)
  } finally {
    engine.destroy()
  }
}
