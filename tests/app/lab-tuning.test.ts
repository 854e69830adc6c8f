// Tests of the texts that describe tuning: variants, decisions, and stored winners.
import { describe, expect, it } from 'vitest'
import { foundOf, multiple, saidOf, storedLines, verdictOf } from '../../src/app/lab/state/tuned-words.ts'
import { decisionName, variantName } from '../../src/app/lab/state/words.ts'
import { possibleVariants } from '../../src/gpu/variants.ts'
import type { TunedDecision } from '../../src/lab/protocol.ts'

const POSSIBLE = possibleVariants({
  f16: false,
  subgroups: true,
  subgroupSize: 4,
  matrices: false,
  software: true,
})
const RIGHT = { right: true, spread: 0.02 }
const UNCHANGED: TunedDecision = {
  decision: 'q4',
  before: 'unorm',
  winner: 'unorm',
  variants: [
    { variant: 'unorm', time: 1, ...RIGHT },
    { variant: 'plain', time: 1.684, ...RIGHT },
  ],
}
const CHANGED: TunedDecision = {
  decision: 'rows',
  before: 'lanes_8',
  winner: 'lanes_32',
  variants: [
    { variant: 'lanes_8', time: 1, ...RIGHT },
    { variant: 'lanes_32', time: 0.87, ...RIGHT },
    { variant: 'alone', time: 1, right: false, spread: 0 },
  ],
}

describe('a row of tuning', () => {
  it('gives the verdict on each variant', () => {
    const verdicts = (row: TunedDecision) => row.variants.map((each) => verdictOf(row, each))
    expect(verdicts(UNCHANGED)).toEqual(['stays', 'other'])
    expect(verdicts(CHANGED)).toEqual(['default', 'taken', 'wrong'])
  })

  it('gives no time for a wrong variant', () => {
    expect(CHANGED.variants.map(multiple)).toEqual(['1.00 ×', '0.87 ×', ''])
  })

  it('is summarized in a sentence', () => {
    expect(saidOf(UNCHANGED)).toBe('Reading of q4: the default stays.')
    expect(saidOf(CHANGED)).toBe(
      'Weight rows: 32 neighbours on a row, 0.87 × the default’s time; ' +
        '16 rows, inputs of its own computes wrongly.',
    )
  })

  it('has a total at the end', () => {
    expect(foundOf([UNCHANGED])).toBe('The defaults are the quickest here.')
    expect(foundOf([UNCHANGED, CHANGED])).toBe('1 of 2 decisions got another variant than the default.')
  })
})

describe('what is stored', () => {
  it('is listed if this device can run it', () => {
    expect(
      storedLines({ rows: 'lanes_32', attention: 'by hand', products: 'spread_8' }, { possible: POSSIBLE }),
    ).toEqual([['Weight rows', '32 neighbours on a row']])
  })

  it('is listed by its key if it has no display name', () => {
    expect(storedLines({ steps: 512, constructor: 'x' }, { possible: POSSIBLE })).toEqual([
      ['steps', '512'],
      ['constructor', 'x'],
    ])
    expect([decisionName('toString'), variantName('toString', 'length')]).toEqual(['toString', 'length'])
    expect(variantName('rows', 'toString')).toBe('toString')
    expect([decisionName('chunk'), variantName('chunk', 512)]).toEqual(['Rows of a step of prefill', '512'])
  })
})
