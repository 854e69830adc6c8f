// Tests of attached files: encodings, hostile files and names, and parts of long texts.
import { expect, test } from 'vitest'
import { decodeText } from '../../src/app/documents/decode.ts'
import { cleanName } from '../../src/app/documents/file-names.ts'
import { MAX_PDF_BYTES, MAX_TEXT_BYTES, readDocument } from '../../src/app/documents/read-document.ts'
import { splitText } from '../../src/app/documents/split-text.ts'
import { areModelFiles } from '../../src/app/shared/models/picked-files.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)
const read = (content: BlobPart, name = 'file.txt') =>
  readDocument(new File([content], name), new AbortController().signal)

test.each([
  ['UTF-8', new TextEncoder().encode('naïve 深海 🐟'), 'naïve 深海 🐟'],
  ['UTF-8 with a mark', bytes(0xef, 0xbb, 0xbf, 0x68, 0x69), 'hi'],
  ['UTF-16 little-endian', bytes(0xff, 0xfe, 0x68, 0, 0xf1, 0x6d), 'h深'],
  ['UTF-16 big-endian', bytes(0xfe, 0xff, 0, 0x68, 0x6d, 0xf1), 'h深'],
  ['Windows-1252', bytes(0x63, 0x61, 0x66, 0xe9), 'café'],
  ['line ends of other systems', new TextEncoder().encode('a\r\nb\rc\n'), 'a\nb\nc\n'],
])('decodes %s', (_, content, text) => {
  expect(decodeText(content)).toBe(text)
})

test('decodes the older Chinese encoding where the page is read in Chinese', () => {
  expect(decodeText(bytes(0xc9, 0xee, 0xba, 0xa3), 'gb18030')).toBe('深海')
})

test.each([
  ['zeros', bytes(0x61, 0, 0x62)],
  ['a picture', bytes(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0)],
  ['a broken text in UTF-16', bytes(0xff, 0xfe, 0x00, 0xd8, 0x41)],
  ['a ZIP', bytes(0x50, 0x4b, 3, 4, 0x14, 0)],
])('takes %s for binary', (_, content) => {
  expect(decodeText(content)).toBeUndefined()
})

test.each([
  ['empty', 'empty', ''],
  ['blank', 'empty', ' \n\t\n'],
  ['binary', 'binary', bytes(1, 2, 3)],
  ['too large', 'large', new Uint8Array(MAX_TEXT_BYTES + 1).fill(0x61)],
] as const)('refuses a file that is %s', async (_, problem, content) => {
  await expect(read(content)).rejects.toMatchObject({ problem })
})

test('refuses a PDF by its size before it is read', async () => {
  const file = new File(['%PDF-1.4'], 'book')
  Object.defineProperty(file, 'size', { value: MAX_PDF_BYTES + 1 })
  await expect(readDocument(file, new AbortController().signal)).rejects.toMatchObject({ problem: 'large' })
})

test('reads files without a known ending, and ends when it is told to', async () => {
  expect(await read('FROM scratch\n', 'Dockerfile')).toBe('FROM scratch\n')
  const aborted = readDocument(new File(['text'], 'a.txt'), AbortSignal.abort('removed'))
  await expect(aborted).rejects.toBe('removed')
})

test('names are one line that reads in its own direction', () => {
  expect(cleanName('invoice\u202egpj.exe')).toBe('invoice gpj.exe')
  expect(cleanName('a\nb\u2028c\u0000')).toBe('a b c')
  expect(cleanName('\u200f')).toBe('?')
  expect([...cleanName('🐟'.repeat(500))]).toHaveLength(121)
})

test('long texts are split at line ends, and nothing is lost', () => {
  const text = Array.from({ length: 3000 }, (_, line) => `line ${line}`).join('\n')
  const parts = splitText(text)
  expect(parts.length).toBeGreaterThan(3)
  expect(parts.join('\n')).toBe(text)
  expect(splitText('x'.repeat(20_000))).toHaveLength(1)
})

test('files with weights are a model, all others are documents', () => {
  expect(areModelFiles([{ name: 'config.json' }, { name: 'model.safetensors' }])).toBe(true)
  expect(areModelFiles([{ name: 'model.safetensors.index.json' }])).toBe(true)
  expect(areModelFiles([{ name: 'config.json' }, { name: 'notes on safetensors.md' }])).toBe(false)
})
