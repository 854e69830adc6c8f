// How tuning is told in words: what came of each variant, of each decision, and what of the stored winners a load would take.
import { describe, expect, it } from 'vitest'
import { foundOf, multiple, saidOf, storedLines, verdictOf } from '../../src/app/lab/state/tuned-words.ts'
import { decisionName, variantName } from '../../src/app/lab/state/words.ts'
import { possibleVariants } from '../../src/gpu/variants.ts'
import type { TunedDecision } from '../../src/lab/protocol.ts'

const possible = possibleVariants({
  f16: false,
  subgroups: true,
  subgroupSize: 4,
  matrices: false,
  software: true,
})
const right = { right: true, spread: 0.02 }
const stays: TunedDecision = {
  decision: 'q4',
  before: 'unorm',
  winner: 'unorm',
  variants: [
    { variant: 'unorm', time: 1, ...right },
    { variant: 'plain', time: 1.684, ...right },
  ],
}
const changes: TunedDecision = {
  decision: 'rows',
  before: 'lanes_8',
  winner: 'lanes_32',
  variants: [
    { variant: 'lanes_8', time: 1, ...right },
    { variant: 'lanes_32', time: 0.87, ...right },
    { variant: 'alone', time: 1, right: false, spread: 0 },
  ],
}

describe('a row of tuning', () => {
  it('says of each variant what became of it', () => {
    const verdicts = (row: TunedDecision) => row.variants.map((each) => verdictOf(row, each))
    expect(verdicts(stays)).toEqual(['stays', 'other'])
    expect(verdicts(changes)).toEqual(['default', 'taken', 'wrong'])
  })

  it('gives no time to what computes wrongly', () => {
    expect(changes.variants.map(multiple)).toEqual(['1.00 ×', '0.87 ×', ''])
  })

  it('is told in a sentence', () => {
    expect(saidOf(stays)).toBe('Reading of q4: the default stays.')
    expect(saidOf(changes)).toBe(
      'Weight rows: 32 neighbours on a row, 0.87 × the default’s time; 16 rows, inputs of its own computes wrongly.',
    )
  })

  it('counts towards the end', () => {
    expect(foundOf([stays])).toBe('The defaults are the quickest here.')
    expect(foundOf([stays, changes])).toBe('1 of 2 decisions got another variant than the default.')
  })
})

describe('what is stored', () => {
  it('is told as far as this device can run it', () => {
    expect(
      storedLines({ rows: 'lanes_32', attention: 'by hand', products: 'spread_8' }, { possible }),
    ).toEqual([['Weight rows', '32 neighbours on a row']])
  })

  it('goes by its own name where it has no other', () => {
    expect(storedLines({ steps: 512, constructor: 'x' }, { possible })).toEqual([
      ['steps', '512'],
      ['constructor', 'x'],
    ])
    expect([decisionName('toString'), variantName('toString', 'length')]).toEqual(['toString', 'length'])
    expect(variantName('rows', 'toString')).toBe('toString')
    expect([decisionName('chunk'), variantName('chunk', 512)]).toEqual(['Rows of a step of prefill', '512'])
  })
})
