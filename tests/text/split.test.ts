// Tests of pre-tokenization: splits like those of the original library, also of long texts, and in bounded
// time.
import { describe, expect, it } from 'vitest'
import { MOONSHOT_SPLITS } from '../../src/text/moonshot.ts'
import { readPreTokenizer } from '../../src/text/pretokenizer.ts'
import { openPreTokenizer } from '../../src/text/split.ts'
import { cuts } from './fixtures.ts'

const named = (name: string) => {
  const found = cuts.cuts.find((entry) => entry.name === name)
  if (found === undefined) throw new Error(`no cuts named ${name}`)
  return found
}

describe.each(cuts.cuts)('$name', ({ pre_tokenizer, pieces }) => {
  const split = openPreTokenizer(readPreTokenizer(pre_tokenizer))

  it('splits like the original', () => {
    cuts.texts.forEach((text, index) => {
      expect(split(text), JSON.stringify(text)).toEqual(pieces[index])
    })
  })
})

it.each(cuts.cuts.slice(0, 7))(
  '$name: splits a long text, which is matched differently, at the same places',
  (row) => {
    const split = openPreTokenizer(readPreTokenizer(row.pre_tokenizer))
    // In these families a line that begins and ends with a letter is split the same alone and among others.
    const lines = cuts.texts.filter((text) => /^\p{L}.*[a-z]$/su.test(text)).map((text) => `${text}\n`)
    const text = lines.join('').repeat(60)
    expect(text.length).toBeGreaterThan(4096)
    expect(split(text)).toEqual(Array.from({ length: 60 }, () => lines.map(split)).flat(2))
  },
)

it('splits Moonshot’s words the same with and without a tokenizer.json', () => {
  const split = openPreTokenizer(MOONSHOT_SPLITS)
  const { pieces } = named('Moonshot as a tokenizer.json')
  cuts.texts.forEach((text, index) => {
    expect(split(text), JSON.stringify(text)).toEqual(pieces[index])
  })
})

/** Published behaviour of Kimi K2's tokenizer. */
it.each<[string, string[]]>([
  ["I've got it, don't worry.", ["I've", ' got', ' it', ',', " don't", ' worry', '.']],
  ['中文English混合', ['中文', 'English', '混合']],
  ['日本語のテキストです。', ['日本語', 'のテキストです', '。']],
  ['Mixed 混合 текст with 日本語', ['Mixed', ' ', '混合', ' текст', ' with', ' ', '日本語']],
  ['HTTPRequestHandler', ['HTTPRequest', 'Handler']],
  ['camelCaseVariable_with_snake', ['camel', 'Case', 'Variable', '_with', '_snake']],
  ['12345678', ['123', '456', '78']],
  ['emoji😀letterRun日本語', ['emoji', '😀letter', 'Run', '日本語']],
  ['   \t\n   ', ['   \t\n', '   ']],
  ['def f(a):\n    return', ['def', ' f', '(a', '):\n', '   ', ' return']],
])('Moonshot’s words: %j', (text, pieces) => {
  expect(openPreTokenizer(MOONSHOT_SPLITS)(text)).toEqual(pieces)
})

/** Numbers of ids published for DeepSeek V3: a text has at most as many pieces. */
it.each<[string, number]>([
  ['Hello world', 2],
  [' hello world ', 3],
  ['你好世界', 2],
  ['Hello 你好 World 世界!', 7],
  ['Hello 🌍 World!', 5],
  ['getUserName', 2],
  ['self.assertEqual(x, 42)', 7],
  ['HTTPRequestHandler', 3],
  ['.isValidEmail', 3],
  ['config.getValue()', 3],
  ['12345678901234567890', 7],
  ['こんにちはカタカナ', 9],
  ['北京市海淀区', 3],
  ['Mixed混合Text文字', 4],
])('DeepSeek V3 makes no more pieces than there are published ids: %j', (text, ids) => {
  const pieces = openPreTokenizer(readPreTokenizer(named('A: DeepSeek V3').pre_tokenizer))(text)
  expect(pieces.join('')).toBe(text)
  expect(pieces.length).toBeLessThanOrEqual(ids)
  // Where every piece is one token, both counts are equal.
  if (/^[\d ]+$|^Hello (?:你|w)|^Mixed|^self/.test(text)) expect(pieces).toHaveLength(ids)
})

describe('a text made to be slow', () => {
  const run = 1 << 17
  it.each<[string, string, string]>([
    ['spaces before a letter', ' '.repeat(run), '\\s+$'],
    ['a word that never ends', 'a'.repeat(run), 'a*b'],
  ])('is refused: %s', (_, text, Regex) => {
    const pre_tokenizer = {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false },
        { type: 'ByteLevel', use_regex: false },
      ],
    }
    const split = openPreTokenizer(readPreTokenizer(pre_tokenizer))
    expect(() => split(`${text}x`)).toThrow('too long')
  })

  it('is split as usual by the patterns of known families', () => {
    for (const { name, pre_tokenizer } of cuts.cuts.slice(0, 7)) {
      if (name.startsWith('B')) continue // its \s+$ backtracks over a run of spaces for every space
      const split = openPreTokenizer(readPreTokenizer(pre_tokenizer))
      for (const text of [' '.repeat(run), 'a'.repeat(run), `${'\n'.repeat(run)}x`])
        expect(split(text).join('')).toBe(text)
    }
  })
})
