// Answers: does a journal never vouch for a byte that was not there, however it is torn, cut, changed or shuffled?
// It must not know of any file system.
import { describe, expect, it } from 'vitest'
import { decodeJournal, encodeRecords, type JournalRecord } from '../../src/store/journal.ts'
import { completeFiles, isWhole, replay, vouched, vouchedBytes } from '../../src/store/state.ts'
import { generator } from '../support/numbers.ts'

type Random = () => number
const whole = (random: Random, below: number) => Math.floor(random() * below)
const hashOf = (text: string) => Buffer.from(text.padEnd(32).slice(0, 32)).toString('hex')
const head: JournalRecord = { type: 'model', format: 1, place: 'hf:org/name', kind: 'original' }

/** What happens to a model over months: ranges come in any order, some are lost, files change and are dropped. */
function history(random: Random): JournalRecord[] {
  const records: JournalRecord[] = [head]
  for (let id = 0; id < 3; id++) {
    const ranges = 1 + whole(random, 5)
    records.push({ type: 'file', id, path: `part-${id % 2}.bin`, bytes: ranges * 10, version: `v${id}` })
    const range = (at: number, round: number): JournalRecord => {
      const start = at * 10
      return { type: 'range', id, start, end: start + 10, sha256: hashOf(`${id} ${at} ${round}`) }
    }
    for (let at = 0; at < ranges; at++)
      records.splice(records.length - whole(random, at + 1), 0, range(at, 0))
    if (random() < 0.4) records.push({ type: 'lost', id, start: 0 }, range(0, 1))
    if (random() < 0.2) records.push({ type: 'lost', id, start: 0 })
    records.push({ type: 'hash', id, state: `state ${id}` }, { type: 'verified', id })
    if (id === 2) records.push({ type: 'drop', id: 0, reason: 'It changed on the host.' })
  }
  return [...records, { type: 'complete', ids: [1, 2], savedAt: 1 }]
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

/** The journal after something went wrong with it. */
function damage(lines: readonly Uint8Array[], random: Random): Uint8Array {
  const bytes = join(lines)
  const at = whole(random, bytes.length)
  switch (whole(random, 7)) {
    case 0: // torn: the process died in the middle of a line
      return bytes.subarray(0, at)
    case 1: // torn, with what the file system makes of bytes that never came
      return join([bytes.subarray(0, at), new Uint8Array(whole(random, 99))])
    case 2: // a byte changed
      return bytes.map((byte, position) => (position === at ? byte ^ (1 << whole(random, 8)) : byte))
    case 3: // a stretch became zeros
      return bytes.slice().fill(0, at, at + whole(random, 600))
    case 4: // lines in another order
      return join([...lines].sort(() => random() - 0.5))
    case 5: // a line twice
      return join(lines.flatMap((line) => (random() < 0.1 ? [line, line] : [line])))
    default: // a line missing
      return join(lines.filter(() => random() > 0.1))
  }
}

describe('a journal', () => {
  it('says what was written', () => {
    const records = history(generator(1))
    const bytes = join([encodeRecords(records.slice(0, 4), 0), encodeRecords(records.slice(4), 4)])
    expect(decodeJournal(bytes)).toEqual({
      records,
      goodBytes: bytes.length,
      next: records.length,
      doubtful: false,
    })
  })

  it('is believed up to the first line that is not the next one, and doubted when more follows', () => {
    const random = generator(2)
    let doubted = 0
    let torn = 0
    for (let model = 0; model < 50; model++) {
      const records = history(random)
      const lines = records.map((record, at) => encodeRecords([record], at))
      for (let round = 0; round < 100; round++) {
        const bytes = damage(lines, random)
        const found = decodeJournal(bytes)
        // Everything believed is what was written, in that order, from the first line on.
        expect(JSON.stringify(found.records)).toBe(JSON.stringify(records.slice(0, found.next)))
        const good = join(lines.slice(0, found.next))
        expect(Buffer.compare(bytes.subarray(0, found.goodBytes), good)).toBe(0)
        if (found.doubtful) doubted++
        else if (found.next < records.length) torn++
      }
    }
    expect(Math.min(doubted, torn)).toBeGreaterThan(1000)
  })

  it('takes no record that makes no sense, whatever its checksum says', () => {
    const nonsense = [
      null,
      { type: 'toString' },
      { type: 'file', id: -1, path: 'a', bytes: 1 },
      { type: 'file', id: 0, path: '../a', bytes: 1 },
      { type: 'file', id: 0, path: 'a', bytes: 2 ** 60 },
      { type: 'range', id: 0, start: 5, end: 5, sha256: hashOf('') },
      { type: 'range', id: 0, start: 0, end: 2 ** 30, sha256: hashOf('') },
      { type: 'range', id: 0, start: 0, end: 5, sha256: 'short' },
      { type: 'complete', ids: 'all', savedAt: 1 },
      { type: 'complete', ids: [1, '2'], savedAt: 1 },
      { type: 'model', format: 2, place: 'x', kind: 'original' },
    ]
    for (const record of nonsense) {
      const bytes = encodeRecords([record as unknown as JournalRecord], 0)
      expect(decodeJournal(bytes).records, JSON.stringify(record)).toEqual([])
    }
  })

  it('of noise says nothing', () => {
    const random = generator(3)
    const noise = Uint8Array.from({ length: 2 ** 20 }, () => (random() < 0.02 ? 10 : whole(random, 256)))
    const found = decodeJournal(noise)
    expect(replay(found.records)).toBeUndefined()
    expect(found.goodBytes).toBe(0)
    expect(decodeJournal(new Uint8Array(2 ** 26).fill(10)).records).toEqual([])
  })
})

describe('what a journal means', () => {
  const file: JournalRecord = { type: 'file', id: 0, path: 'a', bytes: 30 }
  const range = (start: number, end: number): JournalRecord => ({
    type: 'range',
    id: 0,
    start,
    end,
    sha256: hashOf(`${start}`),
  })
  const fileAfter = (...records: JournalRecord[]) => replay([head, file, ...records])?.files.get(0)

  it('believes neither of two ranges that overlap, nor one beyond the end', () => {
    const after = fileAfter(range(20, 30), range(0, 10), range(5, 15), range(25, 35))
    expect(after && vouched(after)).toEqual([range(20, 30)])
    const nested = fileAfter(range(0, 30), range(10, 20), range(20, 30))
    expect(nested && vouchedBytes(nested)).toBe(0)
  })

  it('takes a lost range back, with the hash and the verdict that rest on it', () => {
    const all = [range(0, 30), { type: 'hash', id: 0, state: 's' }, { type: 'verified', id: 0 }] as const
    expect(fileAfter(...all)).toMatchObject({ verified: true, hash: 's' })
    const lost = fileAfter(...all, { type: 'lost', id: 0, start: 0 })
    expect(lost).toMatchObject({ verified: false, hash: undefined })
    expect(lost && isWhole(lost)).toBe(false)
  })

  it('calls a model complete only while all its files are whole', () => {
    const complete = { type: 'complete', ids: [0], savedAt: 1 } as const
    const verified = { type: 'verified', id: 0 } as const
    const filesOf = (...records: JournalRecord[]) => {
      const state = replay([head, file, ...records])
      return state && completeFiles(state)?.map(({ path }) => path)
    }
    expect(filesOf(range(0, 30), verified, complete)).toEqual(['a'])
    expect(filesOf(range(0, 30), complete)).toBeUndefined()
    expect(filesOf(range(0, 20), verified, complete)).toBeUndefined()
    expect(filesOf(range(0, 30), verified)).toBeUndefined()
    expect(filesOf(range(0, 30), verified, complete, { type: 'drop', id: 0, reason: '' })).toBeUndefined()
    expect(filesOf(range(0, 30), verified, { ...complete, ids: [0, 7] })).toBeUndefined()
  })

  it('never gives a number twice', () => {
    const again = replay([head, file, range(0, 30), { type: 'drop', id: 0, reason: '' }, file, range(0, 10)])
    expect(again?.files.size).toBe(0)
    expect(again?.nextId).toBe(1)
  })
})
