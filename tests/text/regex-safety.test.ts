// Tests of the regex safety check: every random pattern that it accepts matches in at most quadratic time.
// Seeded.
import { expect, it } from 'vitest'
import { checkRegexSafety } from '../../src/text/regex-safety.ts'
import { bestCpuMs, cpuMs } from '../support/work.ts'
import { random } from './fixtures.ts'

const PATTERN_COUNT = 4000
const TEXT_LENGTH = 3000
const texts = ['a', 'b', 'ab', 'aab', 'ba'].flatMap((unit) => {
  const run = unit.repeat(Math.ceil(TEXT_LENGTH / unit.length))
  return [`${run}!`, `${run.slice(1)}`, `${run}b!`]
})
const match = (pattern: string, text: string) => () => void new RegExp(pattern, 'yu').test(text)

function makePattern(next: () => number, depth = 0): string {
  const pick = (list: readonly string[]) => list[Math.floor(next() * list.length)] ?? ''
  const item = () => {
    const inner =
      depth < 3 && next() < 0.3 ? `${pick(['(', '(?:', '(?=', '(?!'])}${makePattern(next, depth + 1)})` : ''
    const atom = inner === '' ? pick(['a', 'b', '[ab]', '[^b]', '\\w', 'c', '$']) : inner
    const sign = /^\(\?[=!]|^\$/.test(atom)
      ? ''
      : pick(['', '', '', '?', '*', '+', '{2}', '{0,3}', '{1,}', '+?', '*?'])
    return atom + sign
  }
  const branch = () => Array.from({ length: 1 + Math.floor(next() * 5) }, item).join('')
  return Array.from({ length: next() < 0.75 ? 1 : 1 + Math.floor(next() * 3) }, branch).join('|')
}

it(`${PATTERN_COUNT} random patterns: refused, or at most quadratic on texts made to be slow`, () => {
  const next = random(20260204)
  let accepted = 0
  // Going over the text three times takes a thousand times as long as going over it twice.
  const limit = 50 * bestCpuMs(match('a*a*b', 'a'.repeat(TEXT_LENGTH)))
  for (let run = 0; run < PATTERN_COUNT; run++) {
    const pattern = makePattern(next)
    if (checkRegexSafety([pattern]) !== undefined) continue
    accepted++
    for (const text of texts) {
      // A pause of the machine slows one run down, never the best of three.
      if (cpuMs(match(pattern, text)) >= limit)
        expect(bestCpuMs(match(pattern, text)), pattern).toBeLessThan(limit)
    }
  }
  expect(accepted).toBeGreaterThan(PATTERN_COUNT / 10)
  expect(accepted).toBeLessThan((PATTERN_COUNT * 9) / 10)
})
