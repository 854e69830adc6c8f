// Tests of growing Markdown: the same blocks as of the whole text, little work for each addition.
import { Lexer } from 'marked'
import { expect, test, vi } from 'vitest'
import { type MarkdownBlocks, NO_BLOCKS, splitBlocks } from '../../src/app/markdown/blocks.ts'
import { parseMarkdown } from '../../src/app/markdown/grammar.ts'
import { repairLine, settledLength } from '../../src/app/markdown/growing.ts'
import { RECORDED_PIECES } from '../fixtures/app/recorded-stream.ts'

const PIECES = [
  '# Title\n',
  'A *word* and `code`',
  '\n',
  '\n\n',
  '- one\n',
  '- two\n',
  '  - nested\n',
  '1. first\n',
  '2) second\n',
  '- [ ] open\n',
  '- [x] done\n',
  '| a | b |\n|---|:-:|\n',
  '| 1 | 2 |\n',
  '| 3 |\n',
  'text | with bars\n',
  '```ts\n',
  'const x = 1\n',
  '```\n',
  '~~~\n',
  '    indented\n',
  '> quoted\n',
  '---\n',
  '===\n',
  '$$\nx^2\n$$\n',
  '\\[ y \\]\n',
  '$a_1$ and $b_1$ ',
  'word[^1] ',
  '[^1]: a note\n',
  '  more of it\n',
  '[l]: https://example.org\n',
  '<b>x</b>\n',
  '* star\n',
  '+ plus\n',
  '   - deep\n',
  '**bold',
  '** ',
  '$5 and $10 ',
  '  ',
  '\n  ',
  '-',
  '|',
  '`',
  '<div>\n',
  '\t- tab\n',
]

/** A sequence of numbers from 0 to below 1 that is always the same. */
function* numbers(seed: number): Generator<number, never> {
  let state = seed
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    yield state / 2 ** 32
  }
}

test('text that grows piece by piece has the same blocks as the whole text', () => {
  const random = numbers(7)
  for (let round = 0; round < 1500; round++) {
    let [text, blocks] = ['', NO_BLOCKS as MarkdownBlocks]
    const own = Math.ceil(random.next().value * 10)
    for (let step = 0; step < 26; step++) {
      // A few pieces of a round repeat, so that blocks get long.
      const index = Math.floor(random.next().value * own) * 7 + round
      text += PIECES[index % PIECES.length]
      blocks = splitBlocks(text, blocks)
    }
    if (!text.includes('[l]:')) expect(blocks.tokens, JSON.stringify(text)).toEqual(parseMarkdown(text))
  }
})

test('a piece of a long answer parses only the end of its last blocks', () => {
  const lex = vi.spyOn(Lexer.prototype, 'lex')
  let [text, blocks] = ['', NO_BLOCKS as MarkdownBlocks]
  const lengths: number[] = []
  for (const piece of RECORDED_PIECES) {
    text += piece
    blocks = splitBlocks(text, blocks, true)
    lengths.push(lex.mock.calls.splice(0).reduce((sum, [parsed]) => sum + parsed.length, 0))
  }
  vi.restoreAllMocks()
  expect(splitBlocks(text, blocks).tokens).toEqual(parseMarkdown(text))
  const sum = lengths.reduce((sum, length) => sum + length, 0)
  // The long program, once, when its fence closes.
  expect(lengths.filter((length) => length > 4000).length).toBeLessThanOrEqual(1)
  expect(sum).toBeLessThan(150 * lengths.length)
})

test('blocks that can no longer change are the same objects', () => {
  const text = 'One.\n\n```\ncode\n```\n\nTwo.\n\nThree.'
  const before = splitBlocks(text)
  const after = splitBlocks(`${text}!`, before)
  for (const index of [0, 2, 4]) expect(after.tokens[index]).toBe(before.tokens[index])
  expect(splitBlocks('Other', before).tokens).toEqual(parseMarkdown('Other'))
})

test.each([
  ['one **two', 'one **two**'],
  ['one **two*', 'one **two**'],
  ['one **', 'one '],
  ['**one *two***', '**one *two***'],
  ['**one *two*', '**one *two***'],
  ['one *two and **three ', 'one *two and **three***'],
  ['2 * 3', '2 * 3'],
  ['snake_case_', 'snake_case_'],
  ['a `code', 'a `code`'],
  ['a ``', 'a '],
  ['a `*` b', 'a `*` b'],
  ['see [the log](https://exam', 'see the log'],
  ['![chart](https://exam', 'chart'],
  ['~~gone', '~~gone~~'],
  ['$x*y$ and *z', '$x*y$ and *z*'],
  ['cost $5 and', 'cost $5 and'],
  ['\\*not', '\\*not'],
])('the line %j is repaired to %j', (line, repaired) => {
  expect(repairLine(line)).toBe(repaired)
})

test.each([
  ['text\n-', 'text\n'],
  ['text\n- item', 'text\n- item'],
  ['text\n1.', 'text\n'],
  ['text\n---', 'text\n'],
  ['text\n```ty', 'text\n'],
  ['text\n```ts\n', 'text\n```ts\n'],
  ['text\n\n| a | b', 'text\n\n'],
  ['text\n\n| a | b |\n|--', 'text\n\n'],
  ['| a |\n|---|\n', '| a |\n|---|\n'],
  ['| a |\n|---|\n| 1', '| a |\n|---|\n| 1'],
  ['In 1984', 'In 1984'],
])('of %j is shown %j', (text, shown) => {
  expect(text.slice(0, settledLength(text))).toBe(shown)
})
