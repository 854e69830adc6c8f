// Finds every code block of the documents and of the docstrings' examples.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '..', '..')

export interface Block {
  /** Path from the repository's root. */
  readonly file: string
  /** Line of the first line of code, from 1. */
  readonly line: number
  readonly language: string
  /** What follows the language after the fence. */
  readonly info: string
  readonly code: string
}

/** Paths below a folder, with slashes. */
const below = (folder: string, ending: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending))
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .sort()

export const DOCUMENTS = [
  'README.md',
  'PERFORMANCE.md',
  'CHANGELOG.md',
  'src/README.md',
  'shaders/README.md',
  ...below('docs', '.md').filter((path) => !path.includes('/node_modules/')),
]

const FENCE = /^( *)```(\S*)(?: +(.*))?$/

/** The fenced blocks of a Markdown text that begins at a line of a file. */
function fencedBlocks(file: string, text: string, firstLine = 1): Block[] {
  const blocks: Block[] = []
  const lines = text.split('\n')
  for (let i = 0; i < lines.length; i++) {
    const [fence, indent = '', language = '', info = ''] = FENCE.exec(lines[i] ?? '') ?? []
    if (fence === undefined) continue
    const end = lines.indexOf(`${indent}\`\`\``, i + 1)
    if (end < 0) throw new Error(`${file}:${firstLine + i}: the block has no end`)
    const code = lines.slice(i + 1, end).map((line) => line.slice(indent.length))
    blocks.push({ file, line: firstLine + i + 1, language, info: info.trim(), code: code.join('\n') })
    i = end
  }
  return blocks
}

/** The examples of a source file's docstrings. */
function examples(file: string, text: string): Block[] {
  return [...text.matchAll(/\/\*\*.*?\*\//gs)]
    .filter(([comment]) => comment.includes('@example'))
    .flatMap(({ 0: comment, index }) => {
      const markdown = comment.replace(/^ *\* ?/gm, '')
      return fencedBlocks(file, markdown, text.slice(0, index).split('\n').length)
    })
}

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

/** All of them, by file. */
export const BLOCKS: readonly Block[] = [
  ...DOCUMENTS.flatMap((path) => fencedBlocks(path, read(path))),
  ...below('src', '.ts').flatMap((path) => examples(path, read(path))),
]

export const placeOf = ({ file, line }: Pick<Block, 'file' | 'line'>): string => `${file}:${line}`
