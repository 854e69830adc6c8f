// Tests of growing Markdown: the same blocks as of the whole text, little work for each addition.
import { expect, test } from 'vitest'
import { type MarkdownBlocks, NO_BLOCKS, splitBlocks } from '../../src/app/markdown/blocks.ts'
import { parseMarkdown } from '../../src/app/markdown/grammar.ts'

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
