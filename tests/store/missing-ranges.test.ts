// Tests of the missing ranges of a download and of the folder names of stored models.
import { describe, expect, it } from 'vitest'
import { displayName, folderName } from '../../src/store/folder-name.ts'
import { planMissingRanges } from '../../src/store/missing-ranges.ts'
import { seededRandom } from '../support/numbers.ts'

describe('planMissingRanges', () => {
  it('returns the gaps, cut at multiples of the range size', () => {
    expect(planMissingRanges(0, [], 8)).toEqual([])
    expect(planMissingRanges(20, [], 8)).toEqual([
      { start: 0, end: 8 },
      { start: 8, end: 16 },
      { start: 16, end: 20 },
    ])
    expect(planMissingRanges(20, [{ start: 3, end: 9 }], 8)).toEqual([
      { start: 0, end: 3 },
      { start: 9, end: 16 },
      { start: 16, end: 20 },
    ])
    expect(planMissingRanges(20, [{ start: 0, end: 20 }], 8)).toEqual([])
  })

  it('covers, with the present ranges, every byte of the file exactly once', () => {
    const random = seededRandom(4)
    const below = (limit: number) => Math.floor(random() * limit)
    for (let round = 0; round < 2000; round++) {
      const bytes = below(200)
      const rangeBytes = 1 + below(40)
      const present = []
      for (let offset = below(30); offset < bytes; offset += below(30)) {
        const end = Math.min(bytes, offset + 1 + below(30))
        present.push({ start: offset, end })
        offset = end
      }
      const missing = planMissingRanges(bytes, present, rangeBytes)
      const all = [...present, ...missing].sort((a, b) => a.start - b.start)
      expect(all.reduce((offset, { start, end }) => (start === offset ? end : Number.NaN), 0)).toBe(bytes)
      for (const { start, end } of missing) {
        expect(start < end && Math.floor(start / rangeBytes) === Math.floor((end - 1) / rangeBytes)).toBe(
          true,
        )
      }
    }
  })
})

describe('folderName', () => {
  it('is readable, safe, and unique for every key', async () => {
    const places = [
      'hf:org/Name-7B',
      'hf:org/name-7b',
      'https://host/models/name-7b/',
      '..',
      '',
      '名前',
      'a'.repeat(5000),
    ]
    const names = await Promise.all(places.map(folderName))
    expect(new Set(names).size).toBe(places.length)
    for (const name of names) expect(name).toMatch(/^[a-z0-9][a-z0-9-]{1,60}$/)
    expect(names[0]).toMatch(/^name-7b-/)
    expect(displayName('https://host/models/name/')).toBe('name')
    expect(displayName('hf:org/name@main')).toBe('name@main')
  })
})
