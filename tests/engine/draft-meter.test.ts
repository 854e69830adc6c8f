// Tests of the choice between drafts and plain decoding by measurement.
import { expect, it } from 'vitest'
import { DraftMeter } from '../../src/engine/run/draft-meter.ts'

/** The ways of so many windows, where a token takes the given time. */
function waysOf(meter: DraftMeter, windows: number, ms: { readonly drafts: number; readonly plain: number }) {
  return Array.from({ length: windows }, () => {
    const way = meter.choose()
    meter.record(way, 16, 16 * ms[way])
    return way
  })
}

it.each([
  ['drafts', { drafts: 2, plain: 3 }],
  ['plain', { drafts: 3, plain: 2 }],
] as const)('measures both ways, then goes on with the faster: %s', (faster, ms) => {
  const [first, second, ...rest] = waysOf(new DraftMeter(), 12, ms)
  expect([first, second]).toEqual(['drafts', 'plain'])
  expect(new Set(rest)).toEqual(new Set([faster]))
})

it('measures the slower way again after a while, and changes over when it has become the faster', () => {
  const meter = new DraftMeter()
  waysOf(meter, 10, { drafts: 2, plain: 3 })
  const ways = waysOf(meter, 100, { drafts: 3, plain: 1 })
  expect(ways.filter((way) => way === 'plain').length).toBeGreaterThan(70)
  expect(ways.at(-1)).toBe('plain')
})
