// Tests of the sampling kernels: distributions, draws, penalties and log-probabilities.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Device } from '../../src/gpu/device.ts'
import { adjustLogits, sampleToken, topLogprobs } from '../../src/kernels/sample.ts'
import type { Step } from '../../src/kernels/step.ts'
import {
  adjust_logits,
  type Sampling,
  sample_distribution,
  sample_token,
  top_logprobs,
  uniform_number,
} from '../../src/reference/sample.ts'
import { ADAPTERS, type AdapterCase, describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { runKernel } from '../support/kernel.ts'
import { expectClose, normals, padRows, TOLERANCE } from '../support/numbers.ts'
import { sampleMany } from '../support/sample-many.ts'

const PLAIN: Sampling = { temperature: 1, topK: 0, topP: 1, minP: 0 }
const LOWEST = -3.4028234663852886e38
const tally = (values: Iterable<number>, classes: number) => {
  const counts = new Uint32Array(classes)
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  return counts
}
const wide = (values: ArrayLike<number>) => Float64Array.from(values)

/**
 * χ² of counts against probabilities, with its limit. Classes with fewer than five expected draws are merged.
 */
function chiSquare(counts: ArrayLike<number>, probabilities: Float64Array): { value: number; limit: number } {
  const draws = Array.from(counts).reduce((sum, count) => sum + count, 0)
  const classes: { seen: number; expected: number }[] = []
  const rare = { seen: 0, expected: 0 }
  probabilities.forEach((probability, id) => {
    const drawn = { seen: counts[id] ?? 0, expected: probability * draws }
    if (drawn.expected >= 5) classes.push(drawn)
    else {
      rare.seen += drawn.seen
      rare.expected += drawn.expected
    }
  })
  if (rare.expected > 0) classes.push(rare)
  else expect(rare.seen, 'draws of impossible tokens').toBe(0)
  const value = classes.reduce((sum, { seen, expected }) => sum + (seen - expected) ** 2 / expected, 0)
  // Wilson and Hilferty's approximation of the quantile that one correct run in 30,000 exceeds.
  const degrees = Math.max(1, classes.length - 1)
  return { value, limit: degrees * (1 - 2 / (9 * degrees) + 4 * Math.sqrt(2 / (9 * degrees))) ** 3 }
}

describe('uniform_number', () => {
  it('is uniform over draws and over seeds, and draws are independent of seeds', () => {
    const bucket = (value: number, count = 64) => Math.floor(value * count)
    const kinds: ((i: number) => number)[] = [
      (i) => bucket(uniform_number(7, i)),
      (i) => bucket(uniform_number(i, 0)),
      (i) => 8 * bucket(uniform_number(i, 3), 8) + bucket(uniform_number(i + 1, 2), 8),
    ]
    for (const kind of kinds) {
      const counts = tally(
        Array.from({ length: 20000 }, (_, i) => kind(i)),
        64,
      )
      const { value, limit } = chiSquare(counts, new Float64Array(64).fill(1 / 64))
      expect(value).toBeLessThan(limit)
    }
  })
})

describe('sample_distribution', () => {
  const logits = [0.1, 0.4, 0.2, 0.3].map(Math.log)
  const cases: [string, Partial<Sampling>, number[]][] = [
    ['temperature 1 is softmax', {}, [0.1, 0.4, 0.2, 0.3]],
    ['temperature 0.5 squares', { temperature: 0.5 }, [1 / 30, 16 / 30, 4 / 30, 9 / 30]],
    ['top-k keeps the best', { topK: 2 }, [0, 4 / 7, 0, 3 / 7]],
    ['top-p keeps the fewest that reach it', { topP: 0.65 }, [0, 4 / 7, 0, 3 / 7]],
    ['top-p counts what top-k left', { topK: 2, topP: 0.56 }, [0, 1, 0, 0]],
    ['min-p is relative to the best', { minP: 0.6 }, [0, 4 / 7, 0, 3 / 7]],
    ['temperature 0 is greedy', { temperature: 0 }, [0, 1, 0, 0]],
  ]
  it.each(cases)('%s', (_, sampling, expected) => {
    const probabilities = sample_distribution(wide(logits), { ...PLAIN, ...sampling })
    probabilities.forEach((probability, id) => {
      expect(probability).toBeCloseTo(expected[id] ?? 0, 12)
    })
  })
})

// No kernel here has variants, so lavapipe with minimal features also covers lavapipe with all features.
const chosen = ADAPTERS.filter(({ name }) => name !== 'lavapipe')

describeOnAdapters('sample', body, chosen)

function body(adapter: AdapterCase): void {
  let device: Device
  beforeAll(async () => {
    device = await openAdapter(adapter)
  })
  afterAll(() => device.destroy())

  const choose = async (logits: ArrayLike<number>, sampling: Partial<Sampling>, step: Partial<Step> = {}) => {
    const counts = new Uint32Array(logits.length).fill(0x8000_0000)
    const {
      token,
      result,
      counts: after,
    } = await runKernel(device, {
      kernel: sampleToken,
      constants: { VOCAB: logits.length },
      grid: [1],
      step: { ...PLAIN, ...sampling, ...step },
      data: {
        adjusted: padRows(logits, logits.length),
        counts,
        token: new Uint32Array(1),
        result: new Uint32Array(64),
      },
    })
    const id = token[0] ?? -1
    counts[id] = 0x8000_0001
    expect(after, 'counts').toEqual(counts)
    expect([...result.subarray(0, 3)], 'result').toEqual([id, step.draw ?? 0, 0])
    return id
  }

  describe('sample_token', () => {
    it('is greedy at temperature 0: best logit, smallest id of equals', async () => {
      expect(await choose([3], { temperature: 0 })).toBe(0)
      expect(await choose([-5, -2, -2, -9, -3], { temperature: 0 })).toBe(1)
      expect(await choose([-1, -0, 0, -1, -7], { temperature: 0 })).toBe(1)
      expect(await choose(new Float32Array(5).fill(LOWEST), { temperature: 0 })).toBe(0)
      const huge = normals(163840, 5)
      huge[163839] = 9
      expect(await choose(huge, { temperature: 0 })).toBe(163839)
      huge[1025] = 9
      expect(await choose(huge, { temperature: 0 })).toBe(1025)
    })

    const cases: [string, Partial<Sampling>][] = [
      ['a softmax', {}],
      ['a flat temperature', { temperature: 3 }],
      ['top-k', { topK: 7, temperature: 1.5 }],
      ['top-p', { topP: 0.7 }],
      ['min-p', { minP: 0.1, temperature: 1.3 }],
      ['all together', { temperature: 0.8, topK: 40, topP: 0.9, minP: 0.05 }],
    ]
    it.each(cases)('draws from %s', async (_, sampling) => {
      const vocab = 509
      const draws = adapter.name === 'swiftshader' ? 150 : 600
      const logits = normals(vocab, vocab, 2)
      const setting = { ...PLAIN, ...sampling }
      const probabilities = sample_distribution(wide(logits), setting)
      const ids = await sampleMany(device, logits, { ...setting, seed: 11 }, draws)
      const { value, limit } = chiSquare(tally(ids, vocab), probabilities)
      expect(value).toBeLessThan(limit)
      // Besides, each draw equals the reference's, unless its number falls on a boundary.
      const other = Array.from(
        ids,
        (id, draw) => [id, sample_token(wide(logits), setting, 11, draw)] as const,
      )
      expect(other.filter(([id, expected]) => id !== expected).length).toBeLessThanOrEqual(1)
    })

    it('keeps the smaller ids among equal logits at the cutoff of top-k and top-p', async () => {
      const logits = new Float32Array(509).fill(1)
      const used = async (sampling: Partial<Sampling>) =>
        new Set(await sampleMany(device, logits, { ...PLAIN, ...sampling }, 60))
      for (const id of await used({ topK: 3 })) expect(id).toBeLessThan(3)
      for (const id of await used({ topP: 0.01 })) expect(id).toBeLessThan(7)
      logits[470] = 2
      const best = await used({ topK: 2, temperature: 5 })
      expect([...best].sort((a, b) => a - b)).toEqual([0, 470])
    })

    it('always keeps the best token', async () => {
      const logits = normals(509, 8)
      const best = await choose(logits, { temperature: 0 })
      for (const sampling of [
        { topK: 1 },
        { topP: 0 },
        { topP: 1e-9 },
        { minP: 1 },
        { minP: 7 },
        { temperature: 1e-5 },
      ]) {
        for (const draw of [0, 1]) expect(await choose(logits, sampling, { draw })).toBe(best)
      }
      expect(await choose([2], {}, { draw: 3 })).toBe(0)
      const single = new Float32Array(509).fill(LOWEST)
      single[137] = -80
      expect(await choose(single, { topK: 5, topP: 0.9 })).toBe(137)
    })

    it('matches the reference on a large vocabulary, twice in a row', async () => {
      const logits = normals(163840, 21, 2)
      const sampling = { ...PLAIN, temperature: 0.9, topK: 5000, topP: 0.95 }
      for (const [draw, setting] of [sampling, PLAIN].entries()) {
        const id = await choose(logits, setting, { seed: 5, draw })
        expect(await choose(logits, setting, { seed: 5, draw })).toBe(id)
        expect(id).toBe(sample_token(wide(logits), setting, 5, draw))
      }
    })
  })

  it('adjust_logits applies penalties to seen tokens, then biases, then the mask', async () => {
    const logits = normals(509, 3, 5)
    logits.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e38, -3e38])
    const counts = Uint32Array.from(logits, (_, id) => [0, 0x8000_0000, 1, 0x8000_0003][id % 4] ?? 0)
    counts.set([0x8000_0001, 0, 0, 0, 1])
    const biases = [
      [4, -100],
      [7, 2.5],
      [7, 0.25],
      [508, -1],
      [509, 9],
    ] as const // the last id does not exist
    const penalties = { repetition: 1.3, presence: 0.5, frequency: 0.25 }
    const words = new Uint32Array(2 * biases.length)
    const floats = new Float32Array(words.buffer)
    biases.forEach(([id, amount], index) => {
      words[2 * index] = id
      floats[2 * index + 1] = amount
    })
    const all = new Uint32Array(16).fill(0xffff_ffff)
    const run = async (step: Partial<Step>, mask = all) => {
      const { adjusted } = await runKernel(device, {
        kernel: adjustLogits,
        constants: { VOCAB: 509, WORKGROUP: 64 },
        grid: [8],
        step: { biases: 0, ...step },
        data: { logits: padRows(logits, 509), counts, biases: words, mask, adjusted: new Float32Array(512) },
      })
      expect([...adjusted.subarray(509)]).toEqual([0, 0, 0])
      return adjusted.subarray(0, 509)
    }
    const expected = adjust_logits(wide(logits), counts, biases, penalties)
    const actual = await run({ ...penalties, biases: biases.length })
    expect([...actual.subarray(0, 5)]).toEqual([...Float32Array.from(expected.subarray(0, 5))])
    expectClose(actual.subarray(5), expected.subarray(5), TOLERANCE.f32)
    expect([...(await run({})).subarray(5)]).toEqual([...logits.subarray(5)])
    const mask = Uint32Array.from(all, (_, word) => [0, 0xffff_ffff, 0x8000_0001, 0x7fff_fffe][word % 4] ?? 0)
    const isAllowed = (id: number) => ((mask[id >>> 5] ?? 0) & (1 << (id % 32))) !== 0
    const masked = adjust_logits(wide(logits), counts, biases, { ...penalties, isAllowed })
    expectClose(await run({ ...penalties, biases: biases.length }, mask), masked, TOLERANCE.f32)
  })

  describe('top_logprobs', () => {
    const run = async (logits: ArrayLike<number>, chosen: number, alternatives: number) => {
      const given = new Uint32Array(64).fill(77)
      given[0] = chosen
      const { result } = await runKernel(device, {
        kernel: topLogprobs,
        constants: { VOCAB: logits.length },
        grid: [1],
        step: { alternatives },
        data: { logits: padRows(logits, logits.length), result: given },
      })
      const words = Uint32Array.from(result)
      const floats = new Float32Array(words.buffer)
      const count = words[3] ?? 0
      expect([words[0], words[1]]).toEqual([chosen, 77])
      expect([...words.subarray(4 + 2 * count)], 'words behind').toEqual(new Array(60 - 2 * count).fill(77))
      const pairs = Array.from(
        { length: count },
        (_, i) => [words[4 + 2 * i] ?? 0, floats[5 + 2 * i] ?? 0] as const,
      )
      return { chosenLogprob: floats[2] ?? 0, pairs }
    }

    it.each([
      [5, 20],
      [5, 0],
      [163840, 64],
    ])('of %i tokens, %i alternatives', async (vocab, alternatives) => {
      const logits = normals(vocab, vocab, 4)
      const { chosenLogprob, pairs } = await run(logits, vocab >> 1, alternatives)
      const expected = top_logprobs(wide(logits), { count: Math.min(alternatives, 20) })
      expect(pairs.map(([id]) => id)).toEqual(expected.map(([id]) => id))
      const all = [...pairs, [vocab >> 1, chosenLogprob] as const].map(([, value]) => value)
      const expectedChosen = top_logprobs(wide(logits), { ids: [vocab >> 1] })
      const difference = [...expected, ...expectedChosen].map(([, value], i) =>
        Math.abs(value - (all[i] ?? Number.NaN)),
      )
      expect(Math.max(...difference)).toBeLessThan(2e-5)
    })

    it('sorts equal logits by id and NaN last', async () => {
      const logits = [1, 2, Number.NaN, 2, 2]
      const { chosenLogprob, pairs } = await run(logits, 1, 20)
      expect(pairs.map(([id]) => id)).toEqual([1, 3, 4, 0, 2])
      expect(pairs.slice(0, 3).map(([, value]) => value)).toEqual([
        chosenLogprob,
        chosenLogprob,
        chosenLogprob,
      ])
    })
  })
}
