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

/** The files that every copy of a model shares unchanged, even one with quantized weights. */
export const textFiles = (source: Source, signal?: AbortSignal): Promise<readonly string[]> =>
  existing(source, TEXT_FILES, signal)
