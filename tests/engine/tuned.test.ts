// Tests of stored tuning results: only what the device can run is used, and it is checked first.
import { join } from 'node:path'
import sources from 'virtual:shaders'
import { describe, expect, it } from 'vitest'
import { openFolder } from '../../src/cli/node-source.ts'
import { PUBLISHED } from '../../src/cli/published-configs.ts'
import { inChunks, rate, type Subject } from '../../src/engine/choices.ts'
import type { LogitsMode } from '../../src/engine/logits.ts'
import { plan, subjectOf } from '../../src/engine/model-plan.ts'
import type { EngineOptions } from '../../src/engine/options.ts'
import { tunedWinners, tuningKey, type Winners } from '../../src/engine/tuned.ts'
import type { ModelOptions, VariantNote } from '../../src/engine/types.ts'
import { GUARANTEED } from '../../src/gpu/limits.ts'
import { chooseVariants, type Variants } from '../../src/gpu/variants.ts'
import { present } from '../../src/lib/error.ts'
import { relativeError } from '../../src/lib/relative-error.ts'
import { openCheckpoint } from '../../src/weights/checkpoint.ts'
import { type AdapterCase, adapters, describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { hollowModel } from '../support/hollow.ts'
import { FIXTURES, openModel, readGolden } from '../support/model.ts'
import { tampered } from '../support/tampered.ts'

const FOLDER = join(FIXTURES, 'deepseek_v3-fp8-tiny')

/** What a file of tuning results may hold: anything, under the known names. */
type StoredResults = { readonly [Name in keyof Winners]?: unknown }
const results = (stored: StoredResults) => stored

describe('stored tuning results', () => {
  const plain = { capabilities: GUARANTEED }
  const wide = { ...GUARANTEED, subgroups: true, subgroupSize: 4 }

  it.each([undefined, null, 7, 'rows', [], [['rows', 'alone']]])('are empty if %j is stored', (stored) => {
    expect(tunedWinners(plain, stored)).toEqual({})
  })

  it('are used if the device can run them', () => {
    const stored: StoredResults = {
      rows: 'columns_4',
      products: 'spread_8',
      reduce: 'subgroup',
      q4: 'unorm',
      banks: 1,
      chunk: 512,
    }
    expect(tunedWinners(plain, stored)).toEqual(results({ q4: 'unorm', banks: 1, chunk: 512 }))
    expect(tunedWinners({ capabilities: wide }, stored)).toEqual(
      results({ rows: 'columns_4', reduce: 'subgroup', q4: 'unorm', banks: 1, chunk: 512 }),
    )
  })

  it.each([0, -64, 1, 384, 1e9, 511.5, Number.NaN, '512', [512], { valueOf: 512 }, null, true])(
    'have no chunk if %j is stored',
    (chunk) => {
      expect(tunedWinners(plain, results({ chunk, banks: 1 }))).toEqual({ banks: 1 })
    },
  )

  it('ignore unknown names and values', () => {
    const names: object = JSON.parse('{"__proto__":{"q8":"unorm"},"constructor":"plain"}')
    const values = results({ rows: 'lanes_64', attention: { length: 1 }, banks: '4' })
    expect(tunedWinners(plain, names)).toEqual({})
    expect(tunedWinners(plain, { ...names, ...values })).toEqual({})
  })
})

describe('a stored prefill chunk', () => {
  const config = present(PUBLISHED['R1-Distill-Qwen-1.5B'], 'a published config')
  const targetFor = async (options: ModelOptions) => {
    // At 256 rows, gate and up fill a binding of the guaranteed size.
    const { source, spec } = hollowModel({ ...config, intermediate_size: 65536 }, 1)
    return subjectOf(spec, await openCheckpoint(source), GUARANTEED, options)
  }

  it('is used if a binding holds its rows and the model fits as well as without it', async () => {
    const target = await targetFor({})
    const estimate = rate(target, 'q4')
    expect(estimate.options.chunk).toBe(256)
    expect(inChunks(target, estimate, 512)).toBe(undefined)
    expect(inChunks(target, estimate, 128)?.options.chunk).toBe(128)
    const memoryBytes = estimate.bytes.total
    const tight = await targetFor({ memoryBytes, chunk: 64 })
    const small = rate(tight, 'q4')
    expect([small.fits, inChunks(tight, small, 256)?.fits]).toEqual([true, true])
    const tighter: Subject = { ...tight, memory: { surely: memoryBytes - 1, atMost: memoryBytes - 1 } }
    expect([rate(tighter, 'q4').fits, inChunks(tighter, small, 256)]).toEqual([true, undefined])
  })

  it('is limited to the context', async () => {
    const target = await targetFor({ contextLength: 100 })
    expect(inChunks(target, rate(target, 'q4'), 128)?.options.chunk).toBe(100)
  })
})

describeOnAdapters(
  'a model with stored tuning results',
  (adapter) => {
    it('uses the stored chunk unless the options set another or it does not fit', async () => {
      const chunkOf = async (chunk: unknown, options: EngineOptions = {}) => {
        const engine = await openModel(FOLDER, adapter, { tuned: async () => results({ chunk }), ...options })
        const { info } = engine
        engine.destroy()
        return info.chunk
      }
      expect(await chunkOf(64)).toBe(64)
      expect(await chunkOf(1e9)).toBe(256)
      expect(await chunkOf(512, { chunk: 32 })).toBe(32)
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
      const { info, error } = await open(adapter, { tuned: async () => results({ chunk: 64 }) }, 'whole')
      expect(info.chunk).toBe(64)
      expect(error).toBeLessThan(2e-3)
    })

    it('runs the stored variants, reports them, and computes the same', async () => {
      const keys: string[] = []
      const tuned = async (key: string) => {
        keys.push(key)
        return results({ rows: 'lanes_16', fp8_block: 'plain', q4: 'spread_4' })
      }
      const { info, error } = await open(adapter, { tuned })
      expect(keys).toEqual([await keyOf(adapter)])
      const notes: { readonly [Name in keyof Variants]?: Omit<VariantNote, 'decision'> } = Object.fromEntries(
        info.variants.map(({ decision, ...rest }) => [decision, rest]),
      )
      expect(notes.rows).toMatchObject({ variant: 'lanes_16', why: expect.stringMatching(/measured/) })
      expect(notes.fp8_block?.variant).toBe('plain')
      expect(notes.q4?.why).not.toMatch(/measured/)
      expect(error).toBeLessThan(2e-3)
    })

    it('checks stored variants like the defaults', async () => {
      const shifted = tampered('shared/share_lanes', 'var other = first;', 'var other = first + 1;')
      const wrong = open(adapter, {
        tuned: async () => results({ rows: 'lanes_16' }),
        shaders: { ...sources, ...shifted },
      })
      // The plain variant uses the same module, so loading fails.
      await expect(wrong).rejects.toMatchObject({
        code: 'internal',
        message: expect.stringMatching(/linear_decode/),
      })
    })
  },
  adapters.slice(0, 1),
)

it('uses different keys for adapters with different capabilities', async () => {
  const device = await openAdapter(adapters[0] as AdapterCase)
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
