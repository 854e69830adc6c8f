// Answers: what becomes of winners that tuning has stored, whoever wrote them, and does it say why each variant runs?
import { join } from 'node:path'
import sources from 'virtual:shaders'
import { describe, expect, it } from 'vitest'
import { openFolder } from '../../src/cli/node-source.ts'
import { PUBLISHED } from '../../src/cli/published-configs.ts'
import { inChunks, rate } from '../../src/engine/choices.ts'
import type { LogitsMode } from '../../src/engine/logits.ts'
import { plan, subjectOf } from '../../src/engine/model-plan.ts'
import type { EngineOptions } from '../../src/engine/options.ts'
import { tunedWinners, tuningKey } from '../../src/engine/tuned.ts'
import type { ModelOptions } from '../../src/engine/types.ts'
import { GUARANTEED } from '../../src/gpu/limits.ts'
import { chooseVariants } from '../../src/gpu/variants.ts'
import { present } from '../../src/lib/error.ts'
import { relativeError } from '../../src/lib/relative-error.ts'
import { openCheckpoint } from '../../src/weights/checkpoint.ts'
import { type AdapterCase, adapters, describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { hollowModel } from '../support/hollow.ts'
import { FIXTURES, openModel, readGolden } from '../support/model.ts'
import { tampered } from '../support/tampered.ts'

const FOLDER = join(FIXTURES, 'deepseek_v3-fp8-tiny')

describe('stored winners', () => {
  const plain = { capabilities: GUARANTEED }
  const wide = { ...GUARANTEED, subgroups: true, subgroupSize: 4 }

  it.each([undefined, null, 7, 'rows', [], [['rows', 'alone']]])(
    'are nothing where %j is stored',
    (stored) => {
      expect(tunedWinners(plain, stored)).toEqual({})
    },
  )

  it('are taken where the device can run them', () => {
    const stored = {
      rows: 'columns_4',
      products: 'spread_8',
      reduce: 'subgroup',
      q4: 'unorm',
      banks: 1,
      chunk: 512,
    }
    expect(tunedWinners(plain, stored)).toEqual({ q4: 'unorm', banks: 1, chunk: 512 })
    expect(tunedWinners({ capabilities: wide }, stored)).toEqual({
      rows: 'columns_4',
      reduce: 'subgroup',
      q4: 'unorm',
      banks: 1,
      chunk: 512,
    })
  })

  it.each([0, -64, 1, 384, 1e9, 511.5, Number.NaN, '512', [512], { valueOf: 512 }, null, true])(
    'are no chunk where %j is stored',
    (chunk) => {
      expect(tunedWinners(plain, { chunk, banks: 1 })).toEqual({ banks: 1 })
    },
  )

  it('are not taken under unknown names', () => {
    const stored: unknown = JSON.parse(
      '{"rows":"lanes_64","attention":{"length":1},"banks":"4","__proto__":{"q8":"unorm"},"constructor":"plain"}',
    )
    expect(tunedWinners(plain, stored)).toEqual({})
  })
})

describe('a stored chunk', () => {
  const published = present(PUBLISHED['R1-Distill-Qwen-1.5B'], 'a published config')
  const subjectFor = async (options: ModelOptions) => {
    // Gate and up of 256 rows fill a guaranteed binding.
    const { source, spec } = hollowModel({ ...published, intermediate_size: 65536 }, 1)
    return subjectOf(spec, await openCheckpoint(source), GUARANTEED, options)
  }

  it('is taken where a binding holds its rows, and there is as much room as without', async () => {
    const subject = await subjectFor({})
    const rated = rate(subject, 'q4')
    expect(rated.options.chunk).toBe(256)
    expect(inChunks(subject, rated, 512)).toBe(undefined)
    expect(inChunks(subject, rated, 128)?.options.chunk).toBe(128)
    const memoryBytes = rated.bytes.total
    const tight = await subjectFor({ memoryBytes, chunk: 64 })
    const small = rate(tight, 'q4')
    expect([small.fits, inChunks(tight, small, 256)?.fits]).toEqual([true, true])
    const tighter = { ...tight, memory: { surely: memoryBytes - 1, atMost: memoryBytes - 1 } }
    expect([rate(tighter, 'q4').fits, inChunks(tighter, small, 256)]).toEqual([true, undefined])
  })

  it('is no longer than the context', async () => {
    const subject = await subjectFor({ contextLength: 100 })
    expect(inChunks(subject, rate(subject, 'q4'), 128)?.options.chunk).toBe(100)
  })
})

describeOnAdapters(
  'a model with stored winners',
  (adapter) => {
    it('takes the chunk, unless it was asked for another or there is no room', async () => {
      const chunkOf = async (chunk: unknown, options: EngineOptions = {}) => {
        const engine = await openModel(FOLDER, adapter, { tuned: async () => ({ chunk }), ...options })
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

    it('computes the same in another chunk', async () => {
      const { info, error } = await open(adapter, { tuned: async () => ({ chunk: 64 }) }, 'whole')
      expect(info.chunk).toBe(64)
      expect(error).toBeLessThan(2e-3)
    })

    it('runs them, says so, and computes the same', async () => {
      const asked: string[] = []
      const tuned = async (key: string) => {
        asked.push(key)
        return { rows: 'lanes_16', fp8_block: 'plain', q4: 'spread_4' }
      }
      const { info, error } = await open(adapter, { tuned })
      expect(asked).toEqual([await keyOf(adapter)])
      const notes = Object.fromEntries(info.variants.map(({ decision, ...rest }) => [decision, rest]))
      expect(notes.rows).toMatchObject({ variant: 'lanes_16', why: expect.stringMatching(/measured/) })
      expect(notes.fp8_block?.variant).toBe('plain')
      expect(notes.q4?.why).not.toMatch(/measured/)
      expect(error).toBeLessThan(2e-3)
    })

    it('proves them as it does its own', async () => {
      const shifted = tampered('shared/share_lanes', 'var other = first;', 'var other = first + 1;')
      const wrong = open(adapter, {
        tuned: async () => ({ rows: 'lanes_16' }),
        shaders: { ...sources, ...shifted },
      })
      // The plain variant has the same module.
      await expect(wrong).rejects.toMatchObject({
        code: 'internal',
        message: expect.stringMatching(/linear_decode/),
      })
    })
  },
  adapters.slice(0, 1),
)

it('tells adapters apart by what they can do', async () => {
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
