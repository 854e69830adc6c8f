// Tests of the texts that describe tuning: variants, decisions, and stored winners.
import { describe, expect, it } from 'vitest'
import { decisionName, variantName } from '../../src/app/lab/state/display-names.ts'
import {
  decisionSentence,
  storedVariantNames,
  timeRatioText,
  tuningSentence,
  variantVerdictOf,
} from '../../src/app/lab/state/tuning-text.ts'
import type { TunedDecision } from '../../src/bench/lab/protocol.ts'
import { possibleVariants } from '../../src/gpu/variants.ts'

const POSSIBLE = possibleVariants({
  f16: false,
  subgroups: true,
  subgroupSize: 4,
  subgroupMatrices: undefined,
  software: true,
})
const PASSED = { passed: true, spread: 0.02 }
const UNCHANGED: TunedDecision = {
  decision: 'q4',
  before: 'unorm',
  winner: 'unorm',
  variants: [
    { variant: 'unorm', time: 1, ...PASSED },
    { variant: 'plain', time: 1.684, ...PASSED },
  ],
}
const CHANGED: TunedDecision = {
  decision: 'matvec',
  before: 'lanes8',
  winner: 'lanes32',
  variants: [
    { variant: 'lanes8', time: 1, ...PASSED },
    { variant: 'lanes32', time: 0.87, ...PASSED },
    { variant: 'single', time: 1, passed: false, spread: 0 },
  ],
}

describe('a row of tuning', () => {
  it('gives the verdict on each variant', () => {
    const verdicts = (row: TunedDecision) => row.variants.map((variant) => variantVerdictOf(row, variant))
    expect(verdicts(UNCHANGED)).toEqual(['stays', 'other'])
    expect(verdicts(CHANGED)).toEqual(['default', 'taken', 'wrong'])
  })

  it('gives no time for a wrong variant', () => {
    expect(CHANGED.variants.map(timeRatioText)).toEqual(['1.00 ×', '0.87 ×', ''])
  })

  it('is summarized in a sentence', () => {
    expect(decisionSentence(UNCHANGED)).toBe('q4 decoding: the default stays.')
    expect(decisionSentence(CHANGED)).toBe(
      'Weight rows: 32 lanes per row, 0.87 × the default’s time; ' + '16 rows per lane gives wrong results.',
    )
  })

  it('has a total at the end', () => {
    expect(tuningSentence([UNCHANGED])).toBe('The defaults are fastest here.')
    expect(tuningSentence([UNCHANGED, CHANGED])).toBe('1 of 2 decisions changed from the default.')
  })
})

describe('what is stored', () => {
  it('is listed if this device can run it', () => {
    expect(
      storedVariantNames(
        { matvec: 'lanes32', attention: 'by hand', matmul: 'broadcast8' },
        { possible: POSSIBLE },
      ),
    ).toEqual([['Weight rows', '32 lanes per row']])
  })

  it('is listed by its key if it has no display name', () => {
    expect(storedVariantNames({ steps: 512, constructor: 'x' }, { possible: POSSIBLE })).toEqual([
      ['steps', '512'],
      ['constructor', 'x'],
    ])
    expect([decisionName('toString'), variantName('toString', 'length')]).toEqual(['toString', 'length'])
    expect(variantName('matvec', 'toString')).toBe('toString')
    expect([decisionName('prefillChunk'), variantName('prefillChunk', 512)]).toEqual(['Prefill chunk', '512'])
  })
})
