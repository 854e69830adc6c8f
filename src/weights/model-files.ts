// Lists the files that make up a model: those that running it reads, and no others.
import { type Checkpoint, CONFIG_FILE } from './checkpoint.ts'
import type { Source } from './source.ts'
import { existing, INDEX_FILE } from './weight-files.ts'

const TEXT_FILES = [
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'tiktoken.model',
  'chat_template.jinja',
]

/** Paths of all files a copy of the model needs. */
export async function modelFiles(
  { source, files }: Checkpoint,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  return [
    ...(await existing(source, [CONFIG_FILE, ...TEXT_FILES, INDEX_FILE], signal)),
    ...files.map(({ name }) => name),
  ]
}

/** What other programs read beside those, and what must come with a copy that others receive. */
const OTHER_FILES = [
  'chat_template.json',
  'tokenizer.model',
  'vocab.json',
  'merges.txt',
  'LICENSE',
  'LICENSE.txt',
  'LICENSE.md',
  'LICENSE-MODEL',
  'NOTICE',
]

/** `textFiles`, and those that other programs need: they go into a copy of the model for anybody. */
export const shareableFiles = (source: Source, signal?: AbortSignal): Promise<readonly string[]> =>
  existing(source, [...TEXT_FILES, ...OTHER_FILES, ...codeFiles(source)], signal)

/** Tokenizers that are written in Python. */
const codeFiles = ({ files }: Source): readonly string[] =>
  [...(files?.keys() ?? [])].filter((path) => /^\w+\.py$/.test(path))

/** The files that every copy of a model shares unchanged, even one with quantized weights. */
export const textFiles = (source: Source, signal?: AbortSignal): Promise<readonly string[]> =>
  existing(source, TEXT_FILES, signal)
