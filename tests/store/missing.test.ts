// Answers: is every missing byte asked for once, in ranges that keep their borders? And do places get names that hold?
import { describe, expect, it } from 'vitest'
import { planMissing } from '../../src/store/missing.ts'
import { displayName, folderName } from '../../src/store/place.ts'
import { generator } from '../support/numbers.ts'

describe('the missing ranges', () => {
  it('are the gaps, cut at multiples', () => {
    expect(planMissing(0, [], 8)).toEqual([])
    expect(planMissing(20, [], 8)).toEqual([
      { start: 0, end: 8 },
      { start: 8, end: 16 },
      { start: 16, end: 20 },
    ])
    expect(planMissing(20, [{ start: 3, end: 9 }], 8)).toEqual([
      { start: 0, end: 3 },
      { start: 9, end: 16 },
      { start: 16, end: 20 },
    ])
    expect(planMissing(20, [{ start: 0, end: 20 }], 8)).toEqual([])
  })

  it('and what is there make the whole file, each byte once', () => {
    const random = generator(4)
    const below = (limit: number) => Math.floor(random() * limit)
    for (let round = 0; round < 2000; round++) {
      const bytes = below(200)
      const rangeBytes = 1 + below(40)
      const there = []
      for (let at = below(30); at < bytes; at += below(30)) {
        const end = Math.min(bytes, at + 1 + below(30))
        there.push({ start: at, end })
        at = end
      }
      const missing = planMissing(bytes, there, rangeBytes)
      const all = [...there, ...missing].sort((a, b) => a.start - b.start)
      expect(all.reduce((at, { start, end }) => (start === at ? end : Number.NaN), 0)).toBe(bytes)
      for (const { start, end } of missing) {
        expect(start < end && Math.floor(start / rangeBytes) === Math.floor((end - 1) / rangeBytes)).toBe(
          true,
        )
      }
    }
  })
})

describe('a folder name', () => {
  it('is readable, safe, and differs where places differ', () => {
    const places = [
      'hf:org/Name-7B',
      'hf:org/name-7b',
      'https://host/models/name-7b/',
      '..',
      '',
      '名前',
      'a'.repeat(5000),
    ]
    const names = places.map(folderName)
    expect(new Set(names).size).toBe(places.length)
    for (const name of names) expect(name).toMatch(/^[a-z0-9][a-z0-9-]{1,60}$/)
    expect(names[0]).toMatch(/^name-7b-/)
    expect(displayName('https://host/models/name/')).toBe('name')
    expect(displayName('hf:org/name@main')).toBe('name@main')
  })
})
