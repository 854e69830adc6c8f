// Tests of what the expert view computes: traces from chunks, places to go on from, loads, and cells.
import { expect, it } from 'vitest'
import { cellAt, cellPlace, layOutCells, neighbourCell } from '../../src/app/experts/state/cell-layout.ts'
import { continuationAt } from '../../src/app/experts/state/continuation.ts'
import {
  countExperts,
  expertLoad,
  relativeLoad,
  tokenWeights,
} from '../../src/app/experts/state/expert-load.ts'
import { percentText, tokenName } from '../../src/app/experts/state/token-name.ts'
import { type AnswerTrace, EMPTY_TRACE, withChunk } from '../../src/app/experts/state/token-trace.ts'

const bytesOf = (text: string) => [...new TextEncoder().encode(text)]
const logprob = (token: string, value = -0.5) => ({ token, logprob: value, bytes: bytesOf(token) })

/** A chunk with one token; experts of two layers with two experts each. */
function chunk(
  token: string,
  { thinking = false, ids = [0, 1, 2, 3] }: { thinking?: boolean; ids?: number[] } = {},
) {
  const reported = { ...logprob(token), top_logprobs: [logprob(token), logprob('other', -2)] }
  const logprobs = {
    content: thinking ? [] : [reported],
    reasoning_content: thinking ? [reported] : [],
    refusal: null,
  }
  const kv_cache = { tokens: 1, bytes: 1, standard_bytes: 1 }
  const experts = {
    layers: [1, 3],
    experts_per_token: 2,
    tokens: [{ ids, weights: [0.75, 0.25, 0.5, 0.5] }],
  }
  return {
    choices: [{ index: 0, delta: {}, finish_reason: null, logprobs }],
    hadal: { token_ids: [1], tokens: 1, tokens_per_second: 1, kv_cache, experts },
  }
}

const traceOf = (...chunks: ReturnType<typeof chunk>[]): AnswerTrace => chunks.reduce(withChunk, EMPTY_TRACE)

it('a trace has the tokens of all chunks, and keeps its own where a chunk has none', () => {
  const trace = traceOf(chunk('Hm', { thinking: true }), chunk('</think>', { thinking: true }), chunk('Yes'))
  expect(trace).toMatchObject({ layers: [1, 3], expertsPerToken: 2 })
  expect(trace.tokens.map(({ text, thinking }) => [text, thinking])).toEqual([
    ['Hm', true],
    ['</think>', true],
    ['Yes', false],
  ])
  expect(trace.tokens[0]?.top[1]).toEqual({ text: 'other', bytes: bytesOf('other'), logprob: -2 })
  const silent = { choices: [{ index: 0, delta: {}, finish_reason: null, logprobs: null }] }
  expect(withChunk(trace, silent)).toBe(trace)
  const { hadal: _, ...dense } = chunk('a')
  expect(withChunk(EMPTY_TRACE, dense)).toMatchObject({ layers: [], tokens: [{ experts: null }] })
})

it('an answer goes on from a token in its thinking, or from one of its text', () => {
  const { tokens } = traceOf(
    chunk('Hm', { thinking: true }),
    chunk('\n', { thinking: true }),
    chunk('</think>', { thinking: true }),
    chunk('I'),
    chunk(' am'),
  )
  const other = { text: ' was', bytes: bytesOf(' was'), logprob: -1 }
  const messageAt = (index: number, choice = other) => continuationAt(tokens, index, choice)?.message
  expect(messageAt(1)).toEqual({
    role: 'assistant',
    content: '',
    reasoning_content: 'Hm was',
    prefix: true,
  })
  expect(messageAt(4)).toMatchObject({ content: 'I was', reasoning_content: 'Hm\n</think>' })
  const close = { text: '</think>', bytes: bytesOf('</think>'), logprob: -1 }
  expect(messageAt(1, close)).toMatchObject({ content: '', reasoning_content: 'Hm</think>' })
  const end = { text: '<｜end▁of▁sentence｜>', bytes: [], logprob: -1 }
  expect(messageAt(4, end)).toBeUndefined()
  const half = { text: '\ufffd', bytes: [0xf0, 0x9f], logprob: -1 }
  expect(messageAt(4, half)).toBeUndefined()
})

it('characters that are spread over tokens are whole again in what is gone on from', () => {
  const [first = 0, ...rest] = bytesOf('é')
  const base = { logprob: -1, thinking: false, top: [], experts: null }
  const tokens = [
    { ...base, text: '\ufffd', bytes: [first] },
    { ...base, text: '\ufffd', bytes: rest },
    { ...base, text: 'a', bytes: bytesOf('a') },
  ]
  expect(continuationAt(tokens, 2, { text: 'b', bytes: bytesOf('b'), logprob: -1 })?.message.content).toBe(
    'éb',
  )
})

it('the load of an answer counts each expert, and goes on with what is new', () => {
  const first = traceOf(chunk('a', { ids: [0, 1, 2, 3] }), chunk('b', { ids: [0, 2, 3, 2] }))
  const counts = countExperts(first, 4)
  expect([...counts.fired]).toEqual([2, 1, 1, 0, 0, 0, 2, 2])
  const load = expertLoad(counts)
  expect(load).toMatchObject({
    busiest: { layer: 1, expert: 0, share: 1 },
    idlest: { layer: 1, expert: 3, share: 0 },
    unused: 3,
    evenShare: 0.5,
  })
  expect(load?.layers[1]?.evenness).toBeCloseTo(Math.log(2) / Math.log(4))
  expect([...relativeLoad(counts)]).toEqual([1, 0.5, 0.5, 0, 0, 0, 1, 1])
  const longer = withChunk(first, chunk('c', { ids: [3, 1, 0, 1] }))
  const expected = countExperts(longer, 4)
  expect(countExperts(longer, 4, counts)).toEqual(expected)
  const other = traceOf(chunk('x', { ids: [3, 2, 3, 2] }))
  expect([...countExperts(other, 4, expected).fired]).toEqual([0, 0, 1, 1, 0, 0, 1, 1])
  expect(expertLoad(countExperts(EMPTY_TRACE, 4))).toBeUndefined()
  // Ids that the model cannot have are left out.
  expect([...countExperts(first, 2).fired]).toEqual([2, 1, 0, 0])
})

it('an even load has an evenness of 1, and one that one expert carries has 0', () => {
  const single = { layers: [0], expertsPerToken: 1 }
  const token = (id: number) => ({ ...traceOf(chunk('a')).tokens[0], experts: { ids: [id], weights: [1] } })
  const even = { ...single, tokens: [0, 1, 2, 3].map(token) } as AnswerTrace
  const skewed = { ...single, tokens: [1, 1, 1].map(token) } as AnswerTrace
  expect(expertLoad(countExperts(even, 4))?.evenness).toBeCloseTo(1)
  expect(expertLoad(countExperts(skewed, 4))?.evenness).toBe(0)
})

it('the weights of a token are relative to the largest of each layer', () => {
  const trace = traceOf(chunk('a', { ids: [3, 0, 1, 2] }))
  expect([...tokenWeights(trace, 0, 4)].map((value) => Number(value.toFixed(3)))).toEqual([
    0.333, 0, 0, 1, 0, 1, 1, 0,
  ])
  expect([...tokenWeights(trace, 7, 4)]).toEqual(Array(8).fill(0))
})

it.each([
  [330, 3, 16],
  [330, 58, 256],
  [700, 58, 256],
  [1200, 60, 160],
  [280, 26, 64],
  [10, 2, 8],
])(
  'in %d pixels, %d layers of %d experts have a place each, where it is found again',
  (width, layers, experts) => {
    const layout = layOutCells(width, layers, experts)
    expect(layout.width).toBeLessThanOrEqual(Math.max(width, layout.labelWidth + layout.cell))
    expect(layout.cell).toBeGreaterThanOrEqual(5)
    const places = new Set<string>()
    for (let index = 0; index < layers * experts; index++) {
      const { x, y } = cellPlace(layout, experts, index)
      places.add(`${x} ${y}`)
      expect(y + layout.cell).toBeLessThanOrEqual(layout.height + 1)
      expect(cellAt(layout, experts, { x: x + 1, y: y + 1 })).toBe(index)
    }
    expect(places.size).toBe(layers * experts)
    expect(cellAt(layout, experts, { x: 0, y: 0 })).toBeUndefined()
    expect(cellAt(layout, experts, { x: layout.labelWidth + 1, y: layout.height + 5 })).toBeUndefined()
  },
)

it('arrow keys move between cells and stop at the edges', () => {
  expect(neighbourCell(5, 'ArrowRight', 2, 4)).toBe(6)
  expect(neighbourCell(5, 'ArrowUp', 2, 4)).toBe(1)
  expect(neighbourCell(5, 'End', 2, 4)).toBe(7)
  expect(neighbourCell(7, 'ArrowRight', 2, 4)).toBeUndefined()
  expect(neighbourCell(1, 'ArrowUp', 2, 4)).toBeUndefined()
  expect(neighbourCell(1, 'a', 2, 4)).toBeUndefined()
})

it('tokens and probabilities read as words', () => {
  const name = (text: string, bytes = bytesOf(text)) => tokenName({ text, bytes, logprob: 0 })
  expect([name(' '), name('\n'), name(' a'), name('a.\n'), name('\ufffd'), name('<｜end｜>')]).toEqual([
    'space',
    'line break',
    'a',
    'a.↵',
    'part of a character',
    'end of the answer',
  ])
  expect([1, 0.9994, 0.5, 0.073, 0.0042, 0.00001, 0].map(percentText)).toEqual([
    '100 %',
    '99.9 %',
    '50 %',
    '7.3 %',
    '0.42 %',
    '< 0.01 %',
    '0 %',
  ])
})
