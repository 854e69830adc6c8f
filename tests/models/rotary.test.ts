// Answers: are rotary frequencies, YaRN and softmax scales those of the released models? Values of the independent oracle.
import { describe, expect, it } from 'vitest'
import { rotaryOf, rotationTable, softmaxScale, type Yarn } from '../../src/models/rotary.ts'
import vectors from '../fixtures/rope-and-routing.json' with { type: 'json' }

const cases = vectors.rope.filter(({ rope_scaling: scaling }) => !scaling || scaling.type === 'yarn')

describe('rotary', () => {
  for (const { name, dim, rope_theta: theta, rope_scaling: scaling, ...wanted } of cases) {
    it(name, () => {
      const yarn: Yarn | undefined = scaling
        ? {
            factor: scaling.factor,
            betaFast: scaling.beta_fast ?? 32,
            betaSlow: scaling.beta_slow ?? 1,
            originalPositions: scaling.original_max_position_embeddings,
            mscale: scaling.mscale ?? 1,
            mscaleAllDim: scaling.mscale_all_dim ?? 0,
          }
        : undefined
      const rotary = rotaryOf(dim, theta, yarn)
      expect(rotary.frequencies.length).toBe(wanted.inv_freq.length)
      rotary.frequencies.forEach((frequency, pair) => {
        expect(frequency / (wanted.inv_freq[pair] ?? 0)).toBeCloseTo(1, 6)
      })
      expect(rotary.magnitude).toBeCloseTo(wanted.cos_sin_factor, 6)
      if (wanted.qk_head_dim)
        expect(softmaxScale(wanted.qk_head_dim, yarn)).toBeCloseTo(wanted.softmax_scale ?? 0, 6)
    })
  }

  it('multiplies two rows of the table into the rotation of any position', () => {
    const rotary = rotaryOf(64, 10_000, undefined)
    const table = rotationTable(rotary, 163_840)
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
