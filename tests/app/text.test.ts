// Answers: are Markdown, links, speech and numbers what a reader should get? It must not know the screen.
import { lexer } from 'marked'
import { expect, test } from 'vitest'
import { type Blocks, blocksOf, noBlocks } from '../../src/app/markdown/blocks.ts'
import { safeLink } from '../../src/app/markdown/link.ts'
import { formatRate, formatSeconds, formatShort } from '../../src/app/state/format.ts'
import { silence, spokenNext } from '../../src/app/state/spoken.ts'

const document = `# Title

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

test('a text that grows letter by letter has the same blocks as the whole', () => {
  let blocks: Blocks = noBlocks
  for (let length = 1; length <= document.length; length++)
    blocks = blocksOf(document.slice(0, length), blocks)
  expect(blocks.tokens).toEqual([...lexer(document)])
})

test('line ends of any kind are those of the parser', () => {
  const written = document.replaceAll('\n', '\r\n')
  let blocks: Blocks = noBlocks
  for (let length = 1; length <= written.length; length++) blocks = blocksOf(written.slice(0, length), blocks)
  expect(blocks.tokens).toEqual([...lexer(document)])
})

test('blocks that cannot change any more are taken over as they are', () => {
  const before = blocksOf(document)
  const after = blocksOf(`${document}!`, before)
  expect(after.tokens[0]).toBe(before.tokens[0])
  expect(blocksOf('Something else', before).tokens).toEqual([...lexer('Something else')])
})

test('absurd nesting is shown as text', () => {
  expect(blocksOf('> '.repeat(20_000)).tokens.length).toBeGreaterThan(0)
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
  let spoken = spokenNext(silence, 1, 'I am a fish. I li', false)
  expect(spoken.pieces).toEqual(['I am a fish.'])
  expect(spokenNext(spoken, 1, 'I am a fish. I live', false)).toBe(spoken)
  spoken = spokenNext(spoken, 1, 'I am a fish. I live at 6.5 km. Dee', false)
  spoken = spokenNext(spoken, 1, 'I am a fish. I live at 6.5 km. Deep', true)
  expect(spoken.pieces).toEqual(['I am a fish.', 'I live at 6.5 km.', 'Deep'])
  expect(spokenNext(spoken, 1, 'Ne', false).pieces).toEqual([])
  expect(spokenNext(spoken, 2, 'Next. ', false).pieces).toEqual(['Next.'])
})

test('numbers are short', () => {
  expect([formatShort(812), formatShort(9_265_920), formatShort(671e9)]).toEqual(['812', '9.3 M', '671 B'])
  expect([formatSeconds(3.21), formatSeconds(42.4), formatSeconds(125), formatSeconds(Number.NaN)]).toEqual([
    '3.2 s',
    '42 s',
    '2 min 5 s',
    '',
  ])
  expect([formatRate(4.26), formatRate(52.3)]).toEqual(['4.3 tok/s', '52 tok/s'])
})
