// Tests of what servers send in pieces: events cut anywhere, and calls of tools under any index.
import { expect, it, test } from 'vitest'
import { readEventData } from '../../src/endpoint/sse.ts'
import { CallCollector } from '../../src/endpoint/tool-calls.ts'
import { requestFields } from '../../src/lib/check.ts'

interface Piece {
  readonly index?: number
  readonly id?: string
  readonly name?: string
  readonly text?: string
}

/** What a collector gives for the pieces, one by one. */
function collect(pieces: readonly Piece[]) {
  const calls = new CallCollector()
  const given = pieces.flatMap(({ index, id, name, text }) =>
    calls.add([requestFields({ index, id, function: { name, arguments: text } })]),
  )
  return [...given, ...calls.rest()].map((call) => [call.index, call.id, call.function])
}

it.each<[string, Piece[]]>([
  [
    'their own indices',
    [
      { index: 0, id: 'a', name: 'f', text: '{"x":' },
      { index: 0, text: '1}' },
      { index: 1, id: 'b', name: 'g', text: '' },
      { index: 1, text: '{}' },
    ],
  ],
  [
    'the same index and other ids',
    [
      { index: 0, id: 'a', name: 'f', text: '{"x":1}' },
      { index: 0, id: 'b', name: 'g', text: '' },
      { index: 0, text: '{}' },
    ],
  ],
  [
    'indices that begin at 1',
    [
      { index: 1, id: 'a', name: 'f', text: '{"x"' },
      { index: 1, text: ':1}' },
      { index: 2, id: 'b', name: 'g', text: '{' },
      { index: 2, text: '}' },
    ],
  ],
  ['no indices', [{ id: 'a', name: 'f', text: '{"x":1' }, { text: '}' }, { id: 'b', name: 'g', text: '{}' }]],
])('calls with %s are put together', (_, pieces) => {
  expect(collect(pieces)).toEqual([
    [0, 'a', { name: 'f', arguments: '{"x":1}' }],
    [1, 'b', { name: 'g', arguments: '{}' }],
  ])
})

test('calls without end are refused', () => {
  const text = 'x'.repeat(2 ** 20)
  expect(() => collect(Array.from({ length: 20 }, () => ({ index: 0, id: 'a', text })))).toThrow(/too long/)
  const many = Array.from({ length: 1100 }, (_, at) => ({ index: 0, id: `a${at}` }))
  expect(() => collect(many)).toThrow(/too long/)
})

const bytesOf = async function* (pieces: Iterable<string>): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield new TextEncoder().encode(piece)
}

async function eventsOf(pieces: Iterable<string>): Promise<string[]> {
  const events: string[] = []
  for await (const data of readEventData(bytesOf(pieces))) events.push(data)
  return events
}

it('reads the same events wherever they are cut, with any line ends', async () => {
  const whole = ': ping\r\n\r\ndata: a\r\ndata: b\r\n\r\ndata:c\n\nevent: x\rdata: d\r\rdata: e'
  const expected = ['a\nb', 'c', 'd', 'e']
  expect(await eventsOf([whole])).toEqual(expected)
  for (let at = 0; at <= whole.length; at++)
    expect(await eventsOf([whole.slice(0, at), whole.slice(at)]), String(at)).toEqual(expected)
  expect(await eventsOf(whole)).toEqual(expected)
})

it.each([
  ['a line without end', 'data: xxxxxxxxxxxxxxxx'.repeat(1000)],
  ['lines without end', 'data:\n'.repeat(1000)],
])('%s is an error', async (_, piece) => {
  await expect(eventsOf(Array.from({ length: 2000 }, () => piece))).rejects.toThrow(/too long/)
})
