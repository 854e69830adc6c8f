// Answers: what becomes of winners that tuning has stored, whoever wrote them, and does it say why each variant runs?
import { join } from 'node:path'
import sources from 'virtual:shaders'
import { describe, expect, it } from 'vitest'
import type { EngineOptions } from '../../src/engine/options.ts'
import { tunedVariants, tuningKey } from '../../src/engine/variants.ts'
import { GUARANTEED } from '../../src/gpu/limits.ts'
import { chooseVariants } from '../../src/gpu/variants.ts'
import { relativeError } from '../../src/lib/relative-error.ts'
import { type AdapterCase, adapters, describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { FIXTURES, openModel, readGolden } from '../support/model.ts'

const FOLDER = join(FIXTURES, 'deepseek_v3-fp8-tiny')

describe('stored winners', () => {
  const plain = { capabilities: GUARANTEED }
  const wide = { ...GUARANTEED, subgroups: true, subgroupSize: 4 }

  it.each([undefined, null, 7, 'rows', [], [['rows', 'alone']]])(
    'are nothing where %j is stored',
    (stored) => {
      expect(tunedVariants(plain, stored)).toEqual({})
    },
  )

  it('are taken where the device can run them', () => {
    const stored = { rows: 'spread_4', products: 'spread_8', reduce: 'subgroup', q4: 'unorm', banks: 1 }
    expect(tunedVariants(plain, stored)).toEqual({ q4: 'unorm', banks: 1 })
    expect(tunedVariants({ capabilities: wide }, stored)).toEqual({
      rows: 'spread_4',
      reduce: 'subgroup',
      q4: 'unorm',
      banks: 1,
    })
  })

  it('are not taken under unknown names', () => {
    const stored: unknown = JSON.parse(
      '{"rows":"lanes_64","attention":{"length":1},"banks":"4","__proto__":{"q8":"unorm"},"constructor":"plain"}',
    )
    expect(tunedVariants(plain, stored)).toEqual({})
  })
})

describeOnAdapters(
  'a model with stored winners',
  (adapter) => {
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
      const path = 'shared/share_lanes'
      const text = sources[path]?.replace('var other = first;', 'var other = first + 1;') ?? ''
      expect(text).not.toBe(sources[path])
      const wrong = open(adapter, {
        tuned: async () => ({ rows: 'lanes_16' }),
        shaders: { ...sources, [path]: text },
      })
      // The plain variant has the same module.
      await expect(wrong).rejects.toMatchObject({
        code: 'internal',
        message: expect.stringMatching(/linear_decode/),
      })
    })
  },
  adapters.slice(0, 2),
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

async function open(adapter: AdapterCase, options: EngineOptions) {
  const golden = readGolden(FOLDER)
  const engine = await openModel(FOLDER, adapter, options)
  try {
    const error = relativeError(await engine.logits(golden.promptIds, 'decode'), golden.logits)
    return { info: engine.info, error }
  } finally {
    engine.destroy()
  }
}
