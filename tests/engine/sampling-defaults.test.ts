// Tests that requests start from the defaults of generation_config.json, published and invalid ones.
import { describe, expect, it } from 'vitest'
import { eosTokenIds, resolveSampling, samplingDefaults } from '../../src/engine/run/sampling.ts'

/** The file of R1 and its distilled models. */
const R1_CONFIG = { bos_token_id: 0, do_sample: true, eos_token_id: 1, temperature: 0.6, top_p: 0.95 }

describe('generation_config.json', () => {
  it('sets temperature and top_p, which a request can override', () => {
    const defaults = samplingDefaults(R1_CONFIG)
    expect(defaults).toMatchObject({ temperature: 0.6, topP: 0.95, topK: 0, repetitionPenalty: 1 })
    expect(resolveSampling({ temperature: 0, seed: 7 }, defaults, 100)).toMatchObject({
      temperature: 0,
      topP: 0.95,
      seed: 7,
    })
  })

  it('is greedy with do_sample: false, whatever the temperature', () => {
    expect(samplingDefaults({ ...R1_CONFIG, do_sample: false }).temperature).toBe(0)
  })

  it('sets top_k, min_p and repetition_penalty', () => {
    const config = { temperature: 0.7, top_k: 20, min_p: 0.05, repetition_penalty: 1.1 }
    expect(samplingDefaults(config)).toMatchObject({ topK: 20, minP: 0.05, repetitionPenalty: 1.1 })
  })

  it('is ignored where it is invalid', () => {
    const invalid = { temperature: -1, top_k: 2.5, top_p: -1, min_p: '0.1', repetition_penalty: null }
    for (const config of [undefined, null, [], invalid])
      expect(samplingDefaults(config)).toEqual(samplingDefaults({}))
  })

  it('adds one or several end tokens', () => {
    expect(eosTokenIds({ eos_token_id: [154_820, 154_827, 154_829] })).toEqual([154_820, 154_827, 154_829])
    expect(eosTokenIds({ eos_token_id: 163_586 })).toEqual([163_586])
    expect(eosTokenIds({ eos_token_id: ['1', -1, null] })).toEqual([])
    expect(eosTokenIds(undefined)).toEqual([])
  })
})
