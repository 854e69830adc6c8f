// Tests of rotary frequencies, their scaling and softmax scales against values of the independent oracle.
import { describe, expect, it } from 'vitest'
import { ConfigFields } from '../../src/models/config-fields.ts'
import { describeRotary } from '../../src/models/describe-rotary.ts'
import { computeRotary, computeRotaryTable, softmaxScale } from '../../src/models/rotary.ts'
import vectors from '../fixtures/rope-and-routing.json' with { type: 'json' }

const LONG = { max_position_embeddings: 1 << 20 }

describe('rotary', () => {
  for (const { name, dim, qk_head_dim: headDim, inv_freq: frequencies, ...expected } of vectors.rope) {
    it(name, () => {
      const { base, scaling } = describeRotary(new ConfigFields({ ...expected, ...LONG }), 'scores')
      const rotary = computeRotary(dim, base, scaling)
      expect(rotary.frequencies.length).toBe(frequencies.length)
      rotary.frequencies.forEach((frequency, pair) => {
        expect(frequency / (frequencies[pair] ?? 0)).toBeCloseTo(1, 6)
      })
      expect(rotary.attentionFactor).toBeCloseTo(expected.cos_sin_factor, 6)
      if (headDim) expect(softmaxScale(headDim, scaling)).toBeCloseTo(expected.softmax_scale ?? 0, 6)
    })
  }

  it('turns the YaRN ramp into a step where both betas are 1 (Kimi K2)', () => {
    const scaling = {
      type: 'yarn',
      factor: 32,
      beta_fast: 1,
      beta_slow: 1,
      original_max_position_embeddings: 4096,
    }
    const settings = describeRotary(
      new ConfigFields({ rope_theta: 50_000, rope_scaling: scaling, ...LONG }),
      'scores',
    )
    const { frequencies } = computeRotary(64, settings.base, settings.scaling)
    const fractions = frequencies.map((frequency, pair) => frequency * 50_000 ** ((2 * pair) / 64))
    fractions.forEach((kept, pair) => {
      expect(kept).toBeCloseTo(pair <= 19 ? 1 : 1 / 32, 12)
    })
  })

  it('uses all three bands of Llama 3: kept, blended, interpolated', () => {
    const llama = vectors.rope.find(({ name }) => name === 'R1-Distill-Llama-8B')
    const { base, scaling } = describeRotary(new ConfigFields({ ...llama, ...LONG }), 'rotations')
    const plain = computeRotary(128, base, undefined).frequencies
    const fractions = computeRotary(128, base, scaling).frequencies.map((f, pair) => f / (plain[pair] ?? 0))
    const bands = fractions.map((kept) =>
      kept > 1 - 1e-9 ? 'kept' : kept < 1 / 8 + 1e-9 ? 'interpolated' : 'blended',
    )
    expect(new Set(bands)).toEqual(new Set(['kept', 'blended', 'interpolated']))
    expect(bands).toEqual([...bands].sort((a, b) => order.indexOf(a) - order.indexOf(b)))
  })
  const order = ['kept', 'blended', 'interpolated']

  it('multiplies by attn_factor; attention_factor replaces the factor', () => {
    const magnitude = (more: object) => {
      const yarn = { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 32_768, ...more }
      const settings = describeRotary(
        new ConfigFields({ rope_theta: 1e6, rope_scaling: yarn, ...LONG }),
        'rotations',
      )
      return computeRotary(128, settings.base, settings.scaling).attentionFactor
    }
    expect(magnitude({})).toBeCloseTo(1.1386294, 6)
    expect(magnitude({ attn_factor: 0.8782488562869419 })).toBeCloseTo(1, 12)
    expect(magnitude({ attention_factor: 1.5 })).toBe(1.5)
  })

  it('gives the rotation of any position as the product of two rows of the table', () => {
    const rotary = computeRotary(64, 10_000, undefined)
    const table = computeRotaryTable(rotary, 163_840)
    const at = (row: number, pair: number) =>
      [table[(row * 32 + pair) * 2] ?? 0, table[(row * 32 + pair) * 2 + 1] ?? 0] as const
    for (const position of [0, 1, 255, 256, 4_097, 163_839]) {
      for (const pair of [0, 7, 31]) {
        const [a, b] = at(position % 256, pair)
        const [c, d] = at(256 + Math.floor(position / 256), pair)
        const angle = position * (rotary.frequencies[pair] ?? 0)
        expect(a * c - b * d).toBeCloseTo(Math.cos(angle), 6)
        expect(a * d + b * c).toBeCloseTo(Math.sin(angle), 6)
      }
    }
  })
})
