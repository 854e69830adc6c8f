// Tests of the journal: however it is torn, cut, changed or shuffled, it never reports bytes that were not
// committed.
import { describe, expect, it } from 'vitest'
import { decodeJournal, encodeRecords, type JournalRecord } from '../../src/store/journal.ts'
import {
  committedBytes,
  committedRanges,
  completeFiles,
  isComplete,
  replayJournal,
} from '../../src/store/state.ts'
import { seededRandom } from '../support/numbers.ts'

type Random = () => number
const randomInteger = (random: Random, below: number) => Math.floor(random() * below)
const hashOf = (text: string) => Buffer.from(text.padEnd(32).slice(0, 32)).toString('hex')
const HEAD_RECORD: JournalRecord = { type: 'model', format: 1, place: 'hf:org/name', kind: 'original' }

/** A random history of a model: ranges arrive in any order, some are lost, files change and are dropped. */
function randomHistory(random: Random): JournalRecord[] {
  const records: JournalRecord[] = [HEAD_RECORD]
  for (let id = 0; id < 3; id++) {
    const ranges = 1 + randomInteger(random, 5)
    records.push({ type: 'file', id, path: `part-${id % 2}.bin`, bytes: ranges * 10, version: `v${id}` })
    const range = (at: number, round: number): JournalRecord => {
      const start = at * 10
      return { type: 'range', id, start, end: start + 10, sha256: hashOf(`${id} ${at} ${round}`) }
    }
    for (let at = 0; at < ranges; at++)
      records.splice(records.length - randomInteger(random, at + 1), 0, range(at, 0))
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

/** The journal after random damage. */
function corruptJournal(lines: readonly Uint8Array[], random: Random): Uint8Array {
  const bytes = join(lines)
  const at = randomInteger(random, bytes.length)
  switch (randomInteger(random, 7)) {
    case 0: // torn: the process died in the middle of a line
      return bytes.subarray(0, at)
    case 1: // torn, followed by the zeros a file system leaves for unwritten bytes
      return join([bytes.subarray(0, at), new Uint8Array(randomInteger(random, 99))])
    case 2: // a byte changed
      return bytes.map((byte, position) => (position === at ? byte ^ (1 << randomInteger(random, 8)) : byte))
    case 3: // a section became zeros
      return bytes.slice().fill(0, at, at + randomInteger(random, 600))
    case 4: // lines reordered
      return join([...lines].sort(() => random() - 0.5))
    case 5: // lines duplicated
      return join(lines.flatMap((line) => (random() < 0.1 ? [line, line] : [line])))
    default: // lines missing
      return join(lines.filter(() => random() > 0.1))
  }
}

describe('a journal', () => {
  it('decodes what was encoded', () => {
    const records = randomHistory(seededRandom(1))
    const bytes = join([encodeRecords(records.slice(0, 4), 0), encodeRecords(records.slice(4), 4)])
    expect(decodeJournal(bytes)).toEqual({
      records,
      validBytes: bytes.length,
      nextSequence: records.length,
      corrupt: false,
    })
  })

  it('is valid up to the first invalid line, and corrupt when a valid line follows', () => {
    const random = seededRandom(2)
    let corruptCount = 0
    let torn = 0
    for (let model = 0; model < 50; model++) {
      const records = randomHistory(random)
      const lines = records.map((record, at) => encodeRecords([record], at))
      for (let round = 0; round < 100; round++) {
        const bytes = corruptJournal(lines, random)
        const found = decodeJournal(bytes)
        // The decoded records are exactly a prefix of those written.
        expect(JSON.stringify(found.records)).toBe(JSON.stringify(records.slice(0, found.nextSequence)))
        const good = join(lines.slice(0, found.nextSequence))
        expect(Buffer.compare(bytes.subarray(0, found.validBytes), good)).toBe(0)
        if (found.corrupt) corruptCount++
        else if (found.nextSequence < records.length) torn++
      }
    }
    expect(Math.min(corruptCount, torn)).toBeGreaterThan(1000)
  })

  it('rejects invalid records even if their checksum is right', () => {
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

  it('decodes nothing from random bytes', () => {
    const random = seededRandom(3)
    const noise = Uint8Array.from({ length: 2 ** 20 }, () =>
      random() < 0.02 ? 10 : randomInteger(random, 256),
    )
    const found = decodeJournal(noise)
    expect(replayJournal(found.records)).toBeUndefined()
    expect(found.validBytes).toBe(0)
    expect(decodeJournal(new Uint8Array(2 ** 26).fill(10)).records).toEqual([])
  })
})

describe('replaying a journal', () => {
  const file: JournalRecord = { type: 'file', id: 0, path: 'a', bytes: 30 }
  const range = (start: number, end: number): JournalRecord => ({
    type: 'range',
    id: 0,
    start,
    end,
    sha256: hashOf(`${start}`),
  })
  const fileAfter = (...records: JournalRecord[]) =>
    replayJournal([HEAD_RECORD, file, ...records])?.files.get(0)

  it('ignores ranges that overlap or pass the end of the file', () => {
    const after = fileAfter(range(20, 30), range(0, 10), range(5, 15), range(25, 35))
    expect(after && committedRanges(after)).toEqual([range(20, 30)])
    const nested = fileAfter(range(0, 30), range(10, 20), range(20, 30))
    expect(nested && committedBytes(nested)).toBe(0)
  })

  it('removes a lost range together with the saved hash and the verification', () => {
    const all = [range(0, 30), { type: 'hash', id: 0, state: 's' }, { type: 'verified', id: 0 }] as const
    expect(fileAfter(...all)).toMatchObject({ verified: true, hash: 's' })
    const lost = fileAfter(...all, { type: 'lost', id: 0, start: 0 })
    expect(lost).toMatchObject({ verified: false, hash: undefined })
    expect(lost && isComplete(lost)).toBe(false)
  })

  it('reports a model as complete only while all its files are', () => {
    const complete = { type: 'complete', ids: [0], savedAt: 1 } as const
    const verified = { type: 'verified', id: 0 } as const
    const filesOf = (...records: JournalRecord[]) => {
      const state = replayJournal([HEAD_RECORD, file, ...records])
      return state && completeFiles(state)?.map(({ path }) => path)
    }
    expect(filesOf(range(0, 30), verified, complete)).toEqual(['a'])
    expect(filesOf(range(0, 30), complete)).toBeUndefined()
    expect(filesOf(range(0, 20), verified, complete)).toBeUndefined()
    expect(filesOf(range(0, 30), verified)).toBeUndefined()
    expect(filesOf(range(0, 30), verified, complete, { type: 'drop', id: 0, reason: '' })).toBeUndefined()
    expect(filesOf(range(0, 30), verified, { ...complete, ids: [0, 7] })).toBeUndefined()
  })

  it('never reuses a file number', () => {
    const again = replayJournal([
      HEAD_RECORD,
      file,
      range(0, 30),
      { type: 'drop', id: 0, reason: '' },
      file,
      range(0, 10),
    ])
    expect(again?.files.size).toBe(0)
    expect(again?.nextId).toBe(1)
  })
})
