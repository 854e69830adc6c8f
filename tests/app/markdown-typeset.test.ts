// Tests of coloured code and of formulas, as the typesetting worker makes them.
import { expect, test } from 'vitest'
import { highlightCode } from '../../src/app/markdown/highlight.ts'
import { codeLanguage } from '../../src/app/markdown/languages.ts'
import { typesetMath } from '../../src/app/markdown/math-tree.ts'
import type { CodeLines } from '../../src/app/markdown/typeset-types.ts'

const textOf = (lines: CodeLines | undefined) =>
  lines?.map((runs) => runs.map((run) => (typeof run === 'string' ? run : run[1])).join('')).join('\n')

test('code is coloured line by line and keeps its text', async () => {
  const code = '/* one\n two */\nconst x: string = `a $` + 1\n\n'
  const lines = await highlightCode(code, 'typescript')
  expect(textOf(lines)).toBe(code)
  expect(lines?.slice(0, 2)).toEqual([[['comment', '/* one']], [['comment', ' two */']]])
  expect(lines?.[2]).toContainEqual(['keyword', 'const'])
  const html = '<b>x</b><script>if (1) return "y"</script>'
  expect(textOf(await highlightCode(html, 'xml'))).toBe(html)
})

test('languages are found by the names that fences use', () => {
  expect(codeLanguage('ts title="a"')).toEqual({ id: 'typescript', name: 'TypeScript' })
  expect(codeLanguage('C++')).toEqual({ id: 'cpp', name: 'C++' })
  expect(codeLanguage('')).toEqual({ name: '' })
  expect(codeLanguage('klingon')).toEqual({ name: 'klingon' })
  for (const name of ['__proto__', 'constructor', 'toString']) expect(codeLanguage(name).id).toBeUndefined()
})

test('every language of the table has a grammar', async () => {
  const names =
    'bash c cpp cs css dart diff docker ex erl fs wgsl go gql hs toml java js json jl kt tex less lua'
  const more = 'make md matlab objc ml pl php ps1 py r rb rs scala scss sql swift ts html yml'
  for (const name of `${names} ${more}`.split(' '))
    expect(textOf(await highlightCode('a b', codeLanguage(name).id ?? '')), name).toBe('a b')
  expect(await highlightCode('a b', 'klingon')).toBeUndefined()
})

test('formulas become MathML; errors, links, images and endless macros do not', () => {
  expect(typesetMath('\\frac{a}{b}', true)).toMatchObject({ tag: 'math' })
  for (const tex of [
    '\\frac{a',
    '\\class{x}{y}',
    '\\includegraphics{https://example.org/x.png}',
    '\\def\\a{\\a\\a}\\a',
    'x'.repeat(5000),
    '{'.repeat(3000),
  ])
    expect(typesetMath(tex, false), tex.slice(0, 40)).toBeUndefined()
})
