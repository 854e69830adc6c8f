// Tests of the output parser: the same result however the output is split, with thinking part, stop strings
// and whole characters.
import { describe, expect, it } from 'vitest'
import { type OutputParser, openOutputParser } from '../../src/text/output-parser.ts'
import { openReasoningParser } from '../../src/text/reasoning.ts'
import { openStopFilter } from '../../src/text/stop.ts'
import type { TextTokenizer } from '../../src/text/tokenizer.ts'
import { openTokenizer } from '../../src/text/tokenizer.ts'
import { demoFile, demoGolden, openDemo } from './fixtures.ts'

interface Parsed {
  reasoning: string
  text: string
  stopped: boolean
}

function parse(output: OutputParser, ids: readonly number[]): Parsed {
  const parsed = { reasoning: '', text: '', stopped: false }
  for (const delta of [...ids.map((id) => output.push(id)), output.end()]) {
    expect(delta.text + delta.reasoning).not.toMatch(/\p{Cs}/u)
    parsed.reasoning += delta.reasoning
    parsed.text += delta.text
    parsed.stopped = delta.stopped
  }
  return parsed
}

/** The text in single characters, and in two and three pieces, split everywhere. */
function* splits(text: string): Generator<string[]> {
  const chars = [...text]
  yield chars
  for (let at = 0; at <= chars.length; at++) {
    yield [chars.slice(0, at).join(''), chars.slice(at).join('')]
    yield [chars.slice(0, at).join(''), chars.slice(at, at + 2).join(''), chars.slice(at + 2).join('')]
  }
}

describe('the thinking part in the text', () => {
  it.each([
    ['forced by the prompt', 'open', 'hm\n</think>\n\nyes', { reasoning: 'hm', text: 'yes' }],
    ['forced and opened again', 'open', '<think>\nhm</think>yes', { reasoning: 'hm', text: 'yes' }],
    [
      'forced, after more newlines',
      'open',
      '\n\nhm\n\nhm\r\n\n</think>yes\n',
      { reasoning: 'hm\n\nhm', text: 'yes\n' },
    ],
    ['forced and empty', 'open', '\n\n</think>\n\nyes', { reasoning: '', text: 'yes' }],
    ['forced and never closed', 'open', 'hm\nhm </thin', { reasoning: 'hm\nhm </thin', text: '' }],
    ['forced and cut off', 'open', 'hm\n', { reasoning: 'hm', text: '' }],
    [
      'with something like a tag',
      'open',
      'a < b </ </thing> </think>c',
      { reasoning: 'a < b </ </thing> ', text: 'c' },
    ],
    ['opened by the model', undefined, '\n<think>\nhm\n</think>\n\nyes', { reasoning: 'hm', text: 'yes' }],
    ['begun and abandoned', undefined, ' <thin ice', { reasoning: '', text: ' <thin ice' }],
    [
      'absent',
      undefined,
      '\n yes <think> no </think>',
      { reasoning: '', text: '\n yes <think> no </think>' },
    ],
    ['absent from white space', undefined, ' \n ', { reasoning: '', text: ' \n ' }],
    ['closed by the prompt', 'close', '\n\nyes\n <think>', { reasoning: '', text: 'yes\n <think>' }],
  ] as const)('is found when %s', (_, before, whole, { reasoning, text }) => {
    for (const pieces of splits(whole)) {
      const parser = openReasoningParser(before, true)
      const parts = [...pieces.map((piece) => parser.push(piece)), parser.end()]
      expect(parts.map((part) => part.reasoning).join(''), JSON.stringify(pieces)).toBe(reasoning)
      expect(parts.map((part) => part.text).join(''), JSON.stringify(pieces)).toBe(text)
    }
  })
})

describe('a stop string', () => {
  it.each([
    ['one two', ['two'], 'one ', true],
    ['one two', ['two!'], 'one two', false],
    ['aaab', ['aab'], 'a', true],
    ['abcd', ['abcd', 'bc'], 'a', true],
    ['xabc', ['abc', 'bc', 'c'], 'x', true],
    ['深海\n\nQ: 🐟?', ['\nQ:', '🐟'], '深海\n', true],
    ['a🐟b', ['🐟b'], 'a', true],
    ['ababab', ['abc'], 'ababab', false],
    ['', ['x'], '', false],
    ['all of it', [], 'all of it', false],
  ])('ends %j before %j', (whole, stops, text, stopped) => {
    for (const pieces of splits(whole)) {
      const filter = openStopFilter(stops)
      const parts = [...pieces.map((piece) => filter.push(piece)), filter.end()]
      expect(parts.map((part) => part.text).join(''), JSON.stringify(pieces)).toBe(text)
      expect(parts.at(-1)?.stopped).toBe(stopped)
      expect(filter.push('more').text === '').toBe(stopped)
    }
  })

  it('does not hold text back longer than necessary', () => {
    const filter = openStopFilter(['END'])
    expect(filter.push('see E').text).toBe('see ')
    expect(filter.push('N').text).toBe('')
    expect(filter.push('T').text).toBe('ENT')
  })

  it('is refused when empty, too long, or one too many', () => {
    const refused = expect.objectContaining({ code: 'bad_request' })
    for (const stops of [[''], ['x'.repeat(2000)], Array.from({ length: 17 }, () => 'a')]) {
      expect(() => openStopFilter(stops)).toThrow(refused)
    }
  })
})

describe('an output of the demo model', () => {
  const tokenizer = openDemo()

  it('has the two parts of its golden completion', () => {
    for (const { ids, completion_ids, completion_text, enable_thinking } of demoGolden.items) {
      const [first = '', second] = completion_text.replace('<｜end▁of▁sentence｜>', '').split('</think>')
      expect(second !== undefined).toBe(enable_thinking)
      expect(parse(openOutputParser(tokenizer, ids), completion_ids)).toEqual({
        reasoning: second === undefined ? '' : first.trim(),
        text: second ?? first,
        stopped: false,
      })
    }
  })

  const think = [tokenizer.controlId('<think>') ?? -1, tokenizer.controlId('</think>') ?? -1] as const
  const say = (text: string) => tokenizer.encodePlain(text)

  it('may open, repeat and reopen its thinking part with tag tokens', () => {
    const [open, close] = think
    const turn = (...ids: number[]) =>
      parse(openOutputParser(tokenizer, tokenizer.encode('<｜Assistant｜>')), ids)
    expect(turn(...say('\n'), open, ...say('\nhm\n'), close, ...say('\n\nyes'))).toMatchObject({
      reasoning: 'hm',
      text: 'yes',
    })
    expect(turn(...say(' yes'), close, ...say(' yes'))).toMatchObject({ reasoning: '', text: ' yes yes' })
    expect(
      turn(open, open, ...say('a'), close, ...say('b'), open, ...say('c'), close, ...say('d')),
    ).toMatchObject({
      reasoning: 'ac',
      text: 'bd',
    })
    expect(turn(close, ...say('\nyes'))).toMatchObject({ reasoning: '', text: 'yes' })
  })

  it('treats a spelled-out tag as text', () => {
    expect(parse(openOutputParser(tokenizer, [think[0]]), say('the tag </think> ends it'))).toMatchObject({
      reasoning: 'the tag </think> ends it',
      text: '',
    })
  })

  it('continues the part that the prompt ends in, not that of an older turn', () => {
    const continued = (prompt: string) =>
      parse(openOutputParser(tokenizer, tokenizer.encode(prompt)), say('so'))
    expect(continued('<think>\nWell, ')).toMatchObject({ reasoning: 'so', text: '' })
    expect(continued('<think>\nhm<｜end▁of▁sentence｜><｜User｜>q<｜Assistant｜>')).toMatchObject({
      reasoning: '',
      text: 'so',
    })
    expect(continued('<think>hm</think>\n\n')).toMatchObject({ reasoning: '', text: 'so' })
    expect(continued('')).toMatchObject({ reasoning: '', text: 'so' })
  })

  it('stops in the answer, not while thinking, and yields nothing afterwards', () => {
    const ids = [...say('a stop b'), think[1], ...say('c stop d'), ...say('e')]
    expect(parse(openOutputParser(tokenizer, [think[0]], { stop: [' stop'] }), ids)).toEqual({
      reasoning: 'a stop b',
      text: 'c',
      stopped: true,
    })
    expect(parse(openOutputParser(tokenizer, [], { stop: ['stop!'] }), say('non-stop'))).toEqual({
      reasoning: '',
      text: 'non-stop',
      stopped: false,
    })
  })

  it('replaces a character that a tag interrupts by U+FFFD', () => {
    const half = say('🐟').slice(0, 1)
    expect(parse(openOutputParser(tokenizer, [think[0]]), [...half, think[1], ...say('ok')])).toMatchObject({
      reasoning: '�',
      text: 'ok',
    })
    expect(parse(openOutputParser(tokenizer, []), half)).toMatchObject({ text: '�' })
  })
})

describe('a model whose tags are not tokens', () => {
  const tokenizer = withoutTags()

  it('has its tags found in the text, also at the end of the prompt', () => {
    expect(tokenizer.controlId('<think>')).toBeUndefined()
    const answer = (prompt: string, text: string) =>
      parse(openOutputParser(tokenizer, tokenizer.encode(prompt)), tokenizer.encodePlain(text))
    expect(answer('<｜Assistant｜>', '<think>\nhm\n</think>\n\nyes')).toMatchObject({
      reasoning: 'hm',
      text: 'yes',
    })
    expect(answer('<｜Assistant｜><think>\n', 'hm\n</think>yes')).toMatchObject({
      reasoning: 'hm',
      text: 'yes',
    })
    expect(answer('<｜Assistant｜><think>\n\n</think>\n\n', 'yes')).toMatchObject({
      reasoning: '',
      text: 'yes',
    })
    expect(answer('what is <think>?', 'a tag')).toMatchObject({ reasoning: '', text: 'a tag' })
  })
})

function withoutTags(): TextTokenizer {
  const file = demoFile()
  const isTag = (text: string) => text.endsWith('think>')
  const vocab = Object.fromEntries(Object.entries(file.model.vocab).filter(([text]) => !isTag(text)))
  const added_tokens = file.added_tokens.filter(({ content }: { content: string }) => !isTag(content))
  return openTokenizer({ ...file, added_tokens, model: { ...file.model, vocab } }, undefined, { vocab: 1536 })
}
