// Tests of the user's changes to config.json: how they are merged, and that a load follows and reports them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openFolder } from '../../src/cli/node-source.ts'
import { mergeConfig } from '../../src/engine/load/merge-config.ts'
import { plan } from '../../src/engine/load/plan.ts'
import { loadEngine } from '../../src/engine/load-engine.ts'
import { relativeError } from '../../src/lib/relative-error.ts'
import { describeModel } from '../../src/models/describe.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { describeOnAdapters, openGpu } from '../support/adapter.ts'
import { readFolder, withConfig } from '../support/folder.ts'
import { FIXTURES, readGolden } from '../support/model.ts'

const LLAMA = join(FIXTURES, 'llama-bf16')
const config = JSON.parse(readFileSync(join(LLAMA, 'config.json'), 'utf8'))

describe('merging', () => {
  it('goes into objects, replaces one that names its type, and null takes a key away', () => {
    const file = { a: 1, b: { c: 2, d: [3] }, e: { type: 'x', f: 4 }, g: 5 }
    const changes = { b: { c: 9, h: 6 }, e: { type: 'y' }, g: null }
    expect(mergeConfig(file, changes)).toEqual({ a: 1, b: { c: 9, d: [3], h: 6 }, e: { type: 'y' } })
    expect(mergeConfig(file, { e: { f: 7 } })).toMatchObject({ e: { type: 'x', f: 7 } })
  })

  const yarn = { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 64 }
  const { rope_theta: _, rope_scaling: __, ...rest } = config
  const files: Record<string, object> = {
    'in old files': { ...rest, rope_theta: 1e5, rope_scaling: yarn },
    'in rope_parameters': { ...rest, rope_parameters: { ...yarn, rope_theta: 1e5 } },
    'by layer type': { ...rest, rope_parameters: { full_attention: { ...yarn, rope_theta: 1e5 } } },
  }
  it.each(Object.entries(files))('the rotary keys %s follow the user', (_, file) => {
    const rotaryOf = (changes: object) =>
      describeModel(mergeConfig({ ...file }, { ...changes })).attention.rotary
    const expected = (theta: number, scaling: object) =>
      describeModel({ ...rest, rope_theta: theta, rope_scaling: scaling }).attention.rotary
    expect(rotaryOf({ vocab_size: 7 })).toEqual(expected(1e5, yarn))
    expect(rotaryOf({ rope_theta: 500 })).toEqual(expected(500, yarn))
    expect(rotaryOf({ rope_scaling: { factor: 8 } })).toEqual(expected(1e5, { ...yarn, factor: 8 }))
    expect(rotaryOf({ rope_parameters: { factor: 8 } })).toEqual(expected(1e5, { ...yarn, factor: 8 }))
    const linear = { type: 'linear', factor: 2 }
    expect(rotaryOf({ rope_scaling: linear })).toEqual(expected(1e5, linear))
    expect(rotaryOf({ rope_parameters: { ...linear, rope_theta: 300 } })).toEqual(expected(300, linear))
    expect(rotaryOf({ original_max_position_embeddings: 32 })).toEqual(
      expected(1e5, { ...yarn, original_max_position_embeddings: 32 }),
    )
    expect(rotaryOf({ rope_scaling: null })).toEqual(expected(1e5, {}))
  })
})

describe('a plan', () => {
  const planned = (changes: unknown) =>
    plan(openFolder(LLAMA), { config: changes as Record<string, unknown> })

  it('follows the changes and names each in a notice', async () => {
    const { model, notices } = await planned({ max_position_embeddings: 4096, logit_boost: 2 })
    expect(model?.maxContextLength).toBe(4096)
    expect(notices).toEqual([
      expect.stringContaining('max_position_embeddings is 4096 as asked for; in the file it is'),
      expect.stringContaining('logit_boost is 2 as asked for; in the file it is missing'),
      expect.stringContaining('not known here and were ignored: "logit_boost"'),
    ])
  })

  it('refuses changes that are not JSON', async () => {
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    for (const changes of [7, 'a', [], cycle, { size: 1n }])
      await expect(planned(changes)).rejects.toMatchObject({
        code: 'bad_request',
        message: expect.stringMatching(/^`config` must be an object of JSON values/),
      })
  })
})

describeOnAdapters('a load with changes', (adapter) => {
  it('computes what the file with them would, and shows them in info', async () => {
    const files = withConfig(readFolder(LLAMA), { rms_norm_eps: 0.5, alibi: true })
    const changes = { rms_norm_eps: config.rms_norm_eps, alibi: null }
    const engine = await loadEngine(openMemory(files, 'llama'), {
      gpu: await openGpu(adapter.match),
      device: adapter.options,
      config: changes,
    })
    const { promptIds, logits } = readGolden(LLAMA)
    expect(relativeError(await engine.logits(promptIds), logits)).toBeLessThan(2e-3)
    expect(engine.info.config).toEqual(changes)
    expect(engine.info.notices).toEqual([
      expect.stringContaining('rms_norm_eps'),
      expect.stringContaining('alibi is missing as asked for; in the file it is true'),
    ])
    engine.destroy()
  })
})
