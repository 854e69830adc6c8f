// Tests of stored tuning results: only what the device can run is used, and it is checked first.
import { join } from 'node:path'
import sources from 'virtual:shaders'
import { describe, expect, it } from 'vitest'
import { openFolder } from '../../src/cli/node-source.ts'
import { PUBLISHED_CONFIGS } from '../../src/cli/published-configs.ts'
import {
  estimateQuantization,
  type LoadRequest,
  withPrefillChunk,
} from '../../src/engine/load/choose-quantization.ts'
import { plan, toLoadTarget } from '../../src/engine/load/plan.ts'
import { parseTunedVariants, type TunedVariants, tuningKey } from '../../src/engine/load/tuned-variants.ts'
import type { EngineOptions } from '../../src/engine/options.ts'
import type { LogitsMode } from '../../src/engine/run/logits.ts'
import type { ModelOptions, VariantNote } from '../../src/engine/types.ts'
import { GUARANTEED } from '../../src/gpu/limits.ts'
import { chooseVariants, type Variants } from '../../src/gpu/variants.ts'
import { expectDefined } from '../../src/lib/error.ts'
import { relativeError } from '../../src/lib/relative-error.ts'
import { openCheckpoint } from '../../src/weights/checkpoint.ts'
import { ADAPTERS, type AdapterCase, describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { FIXTURES, openModel, readGolden } from '../support/model.ts'
import { tamperedShader } from '../support/tampered-shader.ts'
import { weightlessModel } from '../support/weightless-model.ts'

const FOLDER = join(FIXTURES, 'deepseek_v3-fp8-tiny')

/** What a file of tuning results may hold: anything, under the known names. */
type StoredResults = { readonly [Name in keyof TunedVariants]?: unknown }
const results = (stored: StoredResults) => stored

describe('stored tuning results', () => {
  const plain = { capabilities: GUARANTEED }
  const wide = { ...GUARANTEED, subgroups: true, subgroupSize: 4 }

  it.each([undefined, null, 7, 'matvec', [], [['matvec', 'single']]])(
    'are empty if %j is stored',
    (stored) => {
      expect(parseTunedVariants(plain, stored)).toEqual({})
    },
  )

  it('are used if the device can run them', () => {
    const stored: StoredResults = {
      matvec: 'subgroup4',
      matmul: 'broadcast8',
      reduce: 'subgroup',
      q4: 'unorm',
      banks: 1,
      prefillChunk: 512,
    }
    expect(parseTunedVariants(plain, stored)).toEqual(results({ q4: 'unorm', banks: 1, prefillChunk: 512 }))
    expect(parseTunedVariants({ capabilities: wide }, stored)).toEqual(
      results({ matvec: 'subgroup4', reduce: 'subgroup', q4: 'unorm', banks: 1, prefillChunk: 512 }),
    )
  })

  it.each([0, -64, 1, 384, 1e9, 511.5, Number.NaN, '512', [512], { valueOf: 512 }, null, true])(
    'have no chunk if %j is stored',
    (prefillChunk) => {
      expect(parseTunedVariants(plain, results({ prefillChunk, banks: 1 }))).toEqual({ banks: 1 })
    },
  )

  it('ignore unknown names and values', () => {
    const names: object = JSON.parse('{"__proto__":{"q8":"unorm"},"constructor":"plain"}')
    const values = results({ matvec: 'lanes64', attention: { length: 1 }, banks: '4' })
    expect(parseTunedVariants(plain, names)).toEqual({})
    expect(parseTunedVariants(plain, { ...names, ...values })).toEqual({})
  })
})

describe('a stored prefill chunk', () => {
  const config = expectDefined(PUBLISHED_CONFIGS['R1-Distill-Qwen-1.5B'], 'a published config')
  const targetFor = async (options: ModelOptions) => {
    // At 256 rows, gate and up fill a binding of the guaranteed size.
    const { source, spec } = weightlessModel({ ...config, intermediate_size: 65536 }, 1)
    return toLoadTarget(spec, await openCheckpoint(source), GUARANTEED, options)
  }

  it('is used if a binding holds its rows and the model fits as well as without it', async () => {
    const target = await targetFor({})
    const estimate = estimateQuantization(target, 'q4')
    expect(estimate.options.prefillChunk).toBe(256)
    expect(withPrefillChunk(target, estimate, 512)).toBe(undefined)
    expect(withPrefillChunk(target, estimate, 128)?.options.prefillChunk).toBe(128)
    const memoryBytes = estimate.bytes.total
    const tight = await targetFor({ memoryBytes, prefillChunk: 64 })
    const small = estimateQuantization(tight, 'q4')
    expect([small.fits, withPrefillChunk(tight, small, 256)?.fits]).toEqual([true, true])
    const tighter: LoadRequest = {
      ...tight,
      memory: { guaranteedBytes: memoryBytes - 1, maxBytes: memoryBytes - 1 },
    }
    expect([estimateQuantization(tighter, 'q4').fits, withPrefillChunk(tighter, small, 256)]).toEqual([
      true,
      undefined,
    ])
  })

  it('is limited to the context', async () => {
    const target = await targetFor({ contextLength: 100 })
    expect(withPrefillChunk(target, estimateQuantization(target, 'q4'), 128)?.options.prefillChunk).toBe(100)
  })
})

describeOnAdapters(
  'a model with stored tuning results',
  (adapter) => {
    it('uses the stored chunk unless the options set another or it does not fit', async () => {
      const chunkOf = async (prefillChunk: unknown, options: EngineOptions = {}) => {
        const engine = await openModel(FOLDER, adapter, {
          tuned: async () => results({ prefillChunk }),
          ...options,
        })
        const { info } = engine
        engine.destroy()
        return info.prefillChunk
      }
      expect(await chunkOf(64)).toBe(64)
      expect(await chunkOf(1e9)).toBe(256)
      expect(await chunkOf(512, { prefillChunk: 32 })).toBe(32)
      expect(await chunkOf(512, { contextLength: 300 })).toBe(300)
      const device = await openAdapter(adapter)
      const source = openFolder(FOLDER)
      const planned = await plan(source, { device, contextLength: 1024 })
      await source.close()
      device.destroy()
      const memoryBytes = planned.gpu?.bytes.total ?? 0
      expect(await chunkOf(512, { contextLength: 1024, memoryBytes })).toBe(256)
      expect(await chunkOf(512, { contextLength: 1024, memoryBytes: 2 * memoryBytes })).toBe(512)
    })

    it('computes the same with another chunk', async () => {
      const { info, error } = await open(
        adapter,
        { tuned: async () => results({ prefillChunk: 64 }) },
        'whole',
      )
      expect(info.prefillChunk).toBe(64)
      expect(error).toBeLessThan(2e-3)
    })

    it('runs the stored variants, reports them, and computes the same', async () => {
      const keys: string[] = []
      const tuned = async (key: string) => {
        keys.push(key)
        return results({ matvec: 'lanes16', fp8_block: 'plain', q4: 'broadcast4' })
      }
      const { info, error } = await open(adapter, { tuned })
      expect(keys).toEqual([await keyOf(adapter)])
      const notes: { readonly [Name in keyof Variants]?: Omit<VariantNote, 'decision'> } = Object.fromEntries(
        info.variants.map(({ decision, ...rest }) => [decision, rest]),
      )
      expect(notes.matvec).toMatchObject({ variant: 'lanes16', why: expect.stringMatching(/measured/) })
      expect(notes.fp8_block?.variant).toBe('plain')
      expect(notes.q4?.why).not.toMatch(/measured/)
      expect(error).toBeLessThan(2e-3)
    })

    it('checks stored variants like the defaults', async () => {
      const shifted = tamperedShader(
        'shared/row_tiling_lanes',
        'var other = first;',
        'var other = first + 1;',
      )
      const wrong = open(adapter, {
        tuned: async () => results({ matvec: 'lanes16' }),
        shaders: { ...sources, ...shifted },
      })
      // The plain variant uses the same module, so loading fails.
      await expect(wrong).rejects.toMatchObject({
        code: 'internal',
        message: expect.stringMatching(/linear_decode/),
      })
    })
  },
  ADAPTERS.slice(0, 1),
)

it('uses different keys for adapters with different capabilities', async () => {
  const device = await openAdapter(ADAPTERS[0] as AdapterCase)
  const key = tuningKey(device)
  const facts = { ...device.capabilities, subgroups: false, subgroupSize: 0 }
  expect(key).toContain(device.adapter)
  expect(tuningKey({ ...device, capabilities: { ...facts, variants: chooseVariants(facts) } })).not.toBe(key)
  device.destroy()
})

async function keyOf(adapter: AdapterCase): Promise<string> {
  const device = await openAdapter(adapter)
  device.destroy()
  return tuningKey(device)
}

async function open(adapter: AdapterCase, options: EngineOptions, mode: LogitsMode = 'decode') {
  const golden = readGolden(FOLDER)
  const engine = await openModel(FOLDER, adapter, options)
  try {
    const error = relativeError(await engine.logits(golden.promptIds, mode), golden.logits)
    return { info: engine.info, error }
  } finally {
    engine.destroy()
  }
}
