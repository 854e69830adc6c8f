// Tests of Markdown blocks, links, sentences for screen readers, and number formats.
import { lexer } from 'marked'
import { expect, test } from 'vitest'
import { type MarkdownBlocks, NO_BLOCKS, splitBlocks } from '../../src/app/markdown/blocks.ts'
import { safeLink } from '../../src/app/markdown/link.ts'
import { formatCompact, formatRate, formatSeconds } from '../../src/app/shared/format.ts'
import { NOTHING_SPOKEN, nextSpoken } from '../../src/app/state/speech.ts'

const DOCUMENT = `# Title

A *paragraph* with \`code\`
over two lines.

Setext
======

- one
- two

  loose
- three

1. first
2. second

| a | b |
|---|---|
| 1 | 2 |

\`\`\`ts
const x = 1

const y = 2
\`\`\`

> quoted
continued

<b>html</b> and the end`

test('text that grows letter by letter has the same blocks as the whole text', () => {
  let blocks: MarkdownBlocks = NO_BLOCKS
  for (let length = 1; length <= DOCUMENT.length; length++)
    blocks = splitBlocks(DOCUMENT.slice(0, length), blocks)
  expect(blocks.tokens).toEqual([...lexer(DOCUMENT)])
})

test('CRLF line ends are normalized', () => {
  const written = DOCUMENT.replaceAll('\n', '\r\n')
  let blocks: MarkdownBlocks = NO_BLOCKS
  for (let length = 1; length <= written.length; length++)
    blocks = splitBlocks(written.slice(0, length), blocks)
  expect(blocks.tokens).toEqual([...lexer(DOCUMENT)])
})

test('blocks that can no longer change are reused', () => {
  const before = splitBlocks(DOCUMENT)
  const after = splitBlocks(`${DOCUMENT}!`, before)
  expect(after.tokens[0]).toBe(before.tokens[0])
  expect(splitBlocks('Something else', before).tokens).toEqual([...lexer('Something else')])
})

test('extreme nesting is shown as text', () => {
  expect(splitBlocks('> '.repeat(20_000)).tokens.length).toBeGreaterThan(0)
})

test.each([
  ['https://example.org/a', 'https://example.org/a'],
  ['HTTP://example.org', 'http://example.org/'],
  ['mailto:a@example.org', 'mailto:a@example.org'],
  ['javascript:alert(1)', undefined],
  [' java\nscript:alert(1)', undefined],
  ['data:text/html,x', undefined],
  ['vbscript:x', undefined],
  ['//example.org', undefined],
  ['/local', undefined],
])('the link %j becomes %j', (href, address) => {
  expect(safeLink(href)).toBe(address)
})

test('an answer is spoken in whole sentences, each once', () => {
  let spoken = nextSpoken(NOTHING_SPOKEN, '1', 'I am a fish. I li', false)
  expect(spoken.sentences).toEqual(['I am a fish.'])
  expect(nextSpoken(spoken, '1', 'I am a fish. I live', false)).toBe(spoken)
  spoken = nextSpoken(spoken, '1', 'I am a fish. I live at 6.5 km. Dee', false)
  spoken = nextSpoken(spoken, '1', 'I am a fish. I live at 6.5 km. Deep', true)
  expect(spoken.sentences).toEqual(['I am a fish.', 'I live at 6.5 km.', 'Deep'])
  expect(nextSpoken(spoken, '1', 'Ne', false).sentences).toEqual([])
  expect(nextSpoken(spoken, '2', 'Next. ', false).sentences).toEqual(['Next.'])
})

test('numbers are formatted briefly', () => {
  expect([formatCompact(812), formatCompact(9_265_920), formatCompact(671e9)]).toEqual([
    '812',
    '9.3 M',
    '671 B',
  ])
  expect([formatSeconds(3.21), formatSeconds(42.4), formatSeconds(125), formatSeconds(Number.NaN)]).toEqual([
    '3.2 s',
    '42 s',
    '2 min 5 s',
    '',
  ])
  expect([formatRate(4.26), formatRate(52.3)]).toEqual(['4.3 tok/s', '52 tok/s'])
})
