// Answers: does every random pattern that is let through match in bounded time, whatever the text? Seeded.
import { expect, it } from 'vitest'
import { checkTame } from '../../src/text/pattern.ts'
import { random } from './fixtures.ts'

const patterns = 4000
const length = 3000
const texts = ['a', 'b', 'ab', 'aab', 'ba'].flatMap((unit) => {
  const run = unit.repeat(Math.ceil(length / unit.length))
  return [`${run}!`, `${run.slice(1)}`, `${run}b!`]
})

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

it(`${patterns} random patterns: refused, or quick on texts made to be slow`, () => {
  const next = random(20260204)
  let tame = 0
  let slowestMs = 0
  let slowest = ''
  for (let run = 0; run < patterns; run++) {
    const pattern = makePattern(next)
    if (checkTame([pattern]) !== undefined) continue
    tame++
    const expression = new RegExp(pattern, 'yu')
    for (const text of texts) {
      expression.lastIndex = 0
      const before = process.cpuUsage()
      expression.test(text)
      const ms = process.cpuUsage(before).user / 1000
      if (ms > slowestMs) [slowestMs, slowest] = [ms, pattern]
    }
  }
  expect(tame).toBeGreaterThan(patterns / 10)
  expect(tame).toBeLessThan((patterns * 9) / 10)
  expect(slowestMs, slowest).toBeLessThan(250) // going back twice over 3000 characters would take far longer
})
