// Tests of formulas and footnotes in Markdown, of plain and spoken text, and of summaries of thinking.
import type { Token, Tokens } from 'marked'
import { expect, test } from 'vitest'
import { collectFootnotes, NO_FOOTNOTES } from '../../src/app/markdown/footnotes.ts'
import { parseMarkdown } from '../../src/app/markdown/grammar.ts'
import { linkHost } from '../../src/app/markdown/link.ts'
import { plainText, spokenText } from '../../src/app/markdown/plain-text.ts'
import { languageOf, splitSentences } from '../../src/app/markdown/read-aloud.ts'
import { thinkingSummary } from '../../src/app/markdown/thinking-summary.ts'

/** The formulas in a text, those on lines of their own in brackets. */
function formulas(text: string): string[] {
  const visit = (token: Token): string[] => {
    const { type, text, display, tokens = [], items = [], header = [], rows = [] } = token as Tokens.Generic
    if (type === 'math') return [display ? `[${text}]` : text]
    const cells = [...header, ...rows.flat()].flatMap((cell: Tokens.TableCell) => cell.tokens)
    return [...tokens, ...items, ...cells].flatMap(visit)
  }
  return parseMarkdown(text).flatMap(visit)
}

test.each([
  ['$x$ and $y_1$.', ['x', 'y_1']],
  ['$5 and $10', []],
  ['from $5-$10, or US$3', []],
  ['a lamp at $5, or $6.', []],
  ['$HOME/bin:$PATH', []],
  ['\\$x\\$', []],
  ['`$x$`', []],
  ['$a `b$` c', []],
  ['$ x $', []],
  ['\\(x\\) and \\[y\\]', ['x', '[y]']],
  ['\\\\(x\\\\)', []],
  ['$$x$$', ['[x]']],
  ['text\n$$\nx\n$$\nmore', ['[x]']],
  ['\\[\nx\\\\\ny\n\\]', ['[x\\\\\ny]']],
  ['$$\nx\n\ny\n$$', []],
  ['$$ never closed', []],
  ['- item\n  $$\n  x\n  $$', ['[x]']],
  ['| a |\n|---|\n| $x$ |', ['x']],
  ['*$a*b$ c*', ['a*b']],
  ['**$x$**', ['x']],
  ['$\\text{a\\$b}$', ['\\text{a\\$b}']],
])('the formulas of %j are %j', (text, expected) => {
  expect(formulas(text)).toEqual(expected)
})

test('footnotes are numbered by their first reference', () => {
  const text = 'a[^x] b[^y] c[^x] d[^none]\n\n[^y]: Of *y*\n  goes on\n\n  and on\n\n[^x]: Of x\n[^z]: Unused'
  const tokens = parseMarkdown(text)
  const footnotes = collectFootnotes(tokens, NO_FOOTNOTES)
  expect(
    [...footnotes.values()].map(({ label, number, note }) => [label, number, note?.tokens.length]),
  ).toEqual([
    ['x', 1, 1],
    ['y', 2, 3],
    ['none', 3, undefined],
    ['z', 4, 1],
  ])
  expect(footnotes.get('z')?.first).toBeUndefined()
  expect(collectFootnotes(tokens, footnotes)).toBe(footnotes)
})

test('images and links name their hosts', () => {
  expect(linkHost('https://example.org:81/a')).toBe('example.org:81')
  expect(linkHost('mailto:a@example.org')).toBeUndefined()
  expect(linkHost('javascript:x')).toBeUndefined()
})

const MARKDOWN = `# Title

Some **bold** and \`code\`, [the log](https://example.org), <https://example.org/b> and $x^2+1$[^1].

- one
- [x] two
  - deep

3. third
4. fourth

| a | b |
|---|---|
| 1 | 2 |

\`\`\`ts
const x = 1
\`\`\`

> quoted

[^1]: A note.`

test('plain text reads well without formatting', () => {
  expect(plainText(MARKDOWN)).toBe(`Title

Some bold and code, the log (https://example.org), https://example.org/b and x^2+1[1].

- one
- [x] two
  - deep

3. third
4. fourth

a\tb
1\t2

const x = 1

> quoted

[1] A note.`)
})

test('spoken text leaves out what a voice cannot read', () => {
  const spoken = spokenText(MARKDOWN, { code: 'Code omitted.', formula: 'formula' })
  expect(spoken).toContain('Some bold and code, the log, https://example.org/b and formula.')
  expect(spoken).toContain('Code omitted.')
  expect(spoken).not.toMatch(/const x|\[1\]|\t|> /)
  expect(splitSentences('One. Two! 三。四。\n\n- - -\nFive')).toEqual([
    'One.',
    'Two!',
    '三。',
    '四。',
    'Five',
  ])
  expect(Math.max(...splitSentences(`${'word, '.repeat(200)}`).map(({ length }) => length))).toBeLessThan(222)
})

test.each([
  ['Hello there', undefined],
  ['深海很暗。', 'zh'],
  ['深海はとても暗いです。', 'ja'],
  ['Глубоко', 'ru'],
  ['العمق', 'ar'],
  ['The word 深 in English', undefined],
])('the language of %j is %j', (text, language) => {
  expect(languageOf(text)).toBe(language)
})

test('a thinking text is summed up by its last heading or whole sentence', () => {
  expect(thinkingSummary('')).toBe('')
  expect(thinkingSummary('Hm, the us')).toBe('Hm, the us')
  expect(thinkingSummary('First this. Then tha')).toBe('First this.')
  expect(thinkingSummary('First.\n\n## Check the *sum*\nLet me a')).toBe('Check the sum')
  expect(thinkingSummary('- **Add** `a` to b.\n')).toBe('Add a to b.')
  expect(thinkingSummary('先看。再想')).toBe('先看。')
  expect(thinkingSummary(`${'long '.repeat(80)}.`)).toHaveLength(100)
  expect(thinkingSummary(`${'word '.repeat(100_000)}\nDone now. And`)).toBe('Done now.')
})
