// Tests of reading calls from answers: the same result however an answer is cut, and no call where there is
// none.
import { describe, expect, it } from 'vitest'
import { type OutputItem, openOutputParser, type ToolCallText } from '../../../src/text/output-parser.ts'
import { openTokenizer, type TextTokenizer } from '../../../src/text/tokenizer.ts'
import type { ToolFormat } from '../../../src/text/tools/format.ts'
import { deepseekV31 } from '../../../src/text/tools/formats/deepseek-v3-1.ts'
import { glm } from '../../../src/text/tools/formats/glm.ts'
import { hermes } from '../../../src/text/tools/formats/hermes.ts'
import { llama } from '../../../src/text/tools/formats/llama.ts'
import { TOOL_FORMATS } from '../../../src/text/tools/formats.ts'
import { openToolParser } from '../../../src/text/tools/parser.ts'
import { MAX_REFUSAL_WORK, measureWork } from '../../support/work.ts'
import { demoFile } from '../fixtures.ts'
import { LOOK_ALIKES, SCHEMAS, TRANSCRIPTS, type Transcript } from './transcripts.ts'

const NO_TOKENS: Pick<TextTokenizer, 'controlId'> = { controlId: () => undefined }
const open = (format: ToolFormat, parallel = true) =>
  openToolParser(NO_TOKENS, { format, schemas: SCHEMAS, parallel })

interface Read {
  readonly text: string
  readonly calls: readonly (readonly [name: string, args: string])[]
  readonly ids: readonly string[]
}

function collect(items: readonly OutputItem[]): Read {
  const calls = items.filter((item) => typeof item !== 'string')
  expect(calls.map(({ index }) => index)).toEqual(calls.map((_, index) => index))
  return {
    text: items.filter((item) => typeof item === 'string').join(''),
    calls: calls.map((call) => [call.name, call.arguments] as const),
    ids: calls.map(({ id }) => id),
  }
}

function readPieces(format: ToolFormat, pieces: readonly string[]): Read {
  const parser = open(format)
  return collect([...pieces.flatMap((piece) => parser.push(piece)), ...parser.end()])
}

/** The text cut at every byte into two pieces, and into single bytes, as a decoder gives them out. */
function* cuts(text: string): Generator<string[]> {
  const bytes = new TextEncoder().encode(text)
  const decode = (parts: readonly Uint8Array[]) => {
    const decoder = new TextDecoder()
    return parts.map((part) => decoder.decode(part, { stream: true }))
  }
  yield decode([...bytes].map((byte) => Uint8Array.of(byte)))
  for (let at = 0; at <= bytes.length; at++) yield decode([bytes.subarray(0, at), bytes.subarray(at)])
}

const expected = ({ text, calls }: Transcript) => ({
  text,
  calls: calls.map(([name, args]) => [name, args]),
})
const named = TRANSCRIPTS.map((transcript) => ({ name: transcript.format.name, ...transcript }))

describe('calls in the text', () => {
  it.each(named)('of $name are the same at every cut', (transcript) => {
    for (const pieces of cuts(transcript.answer)) {
      const read = readPieces(transcript.format, pieces)
      expect(read, JSON.stringify(pieces)).toMatchObject(expected(transcript))
      for (const [index, id] of read.ids.entries())
        expect(id).toEqual(transcript.calls[index]?.[2] ?? expect.stringMatching(/^call_[\da-f]{32}$/))
    }
  })

  it('are written by every format in its list', () => {
    expect(new Set(TRANSCRIPTS.map(({ format }) => format))).toEqual(new Set(TOOL_FORMATS))
  })

  it.each(LOOK_ALIKES)(
    'are none in an answer that only looks so, which stays as it is: %#',
    (format, answer) => {
      for (const pieces of cuts(answer))
        expect(readPieces(format, pieces), JSON.stringify(pieces)).toMatchObject({ text: answer, calls: [] })
    },
  )

  it('are found after something that looked like one', () => {
    const call = '<tool_call>\n{"name": "now", "arguments": {}}\n</tool_call>'
    for (const before of ['<tool_call> is a tag. ', '<tool_call>{"name": "x', '<tool_call>']) {
      for (const pieces of cuts(`${before}${call}`))
        expect(readPieces(hermes, pieces)).toMatchObject({ text: before.trimEnd(), calls: [['now', '{}']] })
    }
  })

  it('end the answer after the first one if only one is wanted', () => {
    for (const { format, answer, calls } of TRANSCRIPTS) {
      const parser = open(format, false)
      const read = collect([...parser.push(`${answer} and more`), ...parser.push('!'), ...parser.end()])
      expect(read.calls).toEqual(calls.slice(0, 1).map(([name, args]) => [name, args]))
      expect(read.text).not.toContain('more')
      expect(parser.isEnded).toBe(true)
    }
  })
})

/** The demo model's tokenizer with control tokens for the markers of a format. */
function withMarkers(format: ToolFormat, special: boolean): TextTokenizer {
  const file = demoFile()
  const markers = [
    ...(format.section ?? []),
    ...format.begins,
    ...Object.values(format.steps).flatMap((step) =>
      'json' in step ? [] : Object.keys('until' in step ? step.until : step.expect),
    ),
  ].filter((text) => text.startsWith('<'))
  const added = [...new Set(markers)].map((content, at) => ({ id: 1536 + at, content, special }))
  return openTokenizer({ ...file, added_tokens: [...file.added_tokens, ...added] }, undefined, {
    vocab: 2000,
  })
}

function readIds(tokenizer: TextTokenizer, format: ToolFormat, ids: readonly number[], stop: string[] = []) {
  const tools = openToolParser(tokenizer, { format, schemas: SCHEMAS, parallel: true })
  const output = openOutputParser(tokenizer, [], { tools, stop })
  const deltas = [...ids.map((id) => output.push(id)), output.end()]
  return {
    text: deltas.map(({ text }) => text).join(''),
    reasoning: deltas.map(({ reasoning }) => reasoning).join(''),
    calls: deltas.flatMap(({ calls }) => calls.map((call: ToolCallText) => [call.name, call.arguments])),
    stopped: deltas.at(-1)?.stopped,
  }
}

describe.each([true, false])('markers that are tokens, skipped as special: %s', (special) => {
  it.each(named)('make the calls of $name', (transcript) => {
    const tokenizer = withMarkers(transcript.format, special)
    const ids = tokenizer.encode(transcript.answer)
    expect(readIds(tokenizer, transcript.format, ids)).toMatchObject(expected(transcript))
  })

  it('stay in the text where they make no call', () => {
    for (const [format, answer] of LOOK_ALIKES) {
      const tokenizer = withMarkers(format, special)
      expect(readIds(tokenizer, format, tokenizer.encode(answer))).toMatchObject({ text: answer, calls: [] })
    }
  })

  it('are no markers when they are spelled', () => {
    for (const { format, answer } of TRANSCRIPTS.filter(({ format }) => !format.bare)) {
      const tokenizer = withMarkers(format, special)
      const read = readIds(tokenizer, format, tokenizer.encodePlain(answer))
      expect(read).toMatchObject({ text: answer, calls: [] })
    }
  })
})

it('calls in the thinking part are part of it, and a stop string counts outside of calls only', () => {
  const tokenizer = withMarkers(hermes, false)
  const call = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "stop"}}\n</tool_call>'
  const ids = tokenizer.encode(`<think>${call}</think>${call} st${call}op, stop, ${call}`)
  expect(readIds(tokenizer, hermes, ids, ['stop'])).toEqual({
    reasoning: call,
    text: ' stop, ',
    calls: [
      ['get_weather', '{"city": "stop"}'],
      ['get_weather', '{"city": "stop"}'],
    ],
    stopped: true,
  })
})

describe('an endless answer', () => {
  const COUNT = 20_000
  const unending: readonly (readonly [string, ToolFormat, (at: number) => string])[] = [
    ['words in a call', hermes, (at) => (at === 0 ? '<tool_call>{"name": "' : ' word')],
    ['words in an object', llama, (at) => (at === 0 ? '{"name": "' : ' word')],
    ['markers', deepseekV31, () => '<｜tool▁call▁begin｜>'],
    ['beginnings of calls', hermes, () => '<tool_call>{"name": "'],
    ['keys and markers', hermes, () => '<tool_call>{",":"'],
    ['escapes', hermes, () => '<tool_call>{"name": "\\"'],
    ['white space', hermes, () => ' \n'],
    ['brackets', hermes, (at) => (at === 0 ? '<tool_call>{"arguments": ' : '[')],
    ['sections', deepseekV31, () => '<｜tool▁calls▁begin｜> '],
    ['values', glm, () => '<tool_call>now<arg_key>k</arg_key><arg_value>'],
  ]
  it.each(unending)('of %s costs as much as it is long', async (_, format, piece) => {
    const pieces = Array.from({ length: COUNT }, (_, at) => piece(at))
    const { result, work } = await measureWork(MAX_REFUSAL_WORK, async () => readPieces(format, pieces))
    expect(result.text).toBe(pieces.join(''))
    expect(work).toBeLessThan(MAX_REFUSAL_WORK)
  })
})
