// Lists the files that make up a model: those that running it reads, and no others.
import { CONFIG_FILE, INDEX_FILE, openCheckpoint } from './checkpoint.ts'
import type { Source } from './source.ts'

const TEXT_FILES = [
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'tiktoken.model',
  'chat_template.jinja',
]

/**
 * Paths of all files a copy of the model needs. Reads the index and the headers; errors as in
 * `openCheckpoint`.
 */
export async function modelFiles(source: Source, signal?: AbortSignal): Promise<readonly string[]> {
  const { files } = await openCheckpoint(source, signal)
  return [
    ...(await existingFiles(source, [CONFIG_FILE, ...TEXT_FILES, INDEX_FILE], signal)),
    ...files.map(({ name }) => name),
  ]
}

/** The files that every copy of a model shares unchanged, even one with quantized weights. */
export const textFiles = (source: Source, signal?: AbortSignal): Promise<readonly string[]> =>
  existingFiles(source, TEXT_FILES, signal)

async function existingFiles(
  source: Source,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const exists = await Promise.all(paths.map((path) => source.exists(path, signal)))
  return paths.filter((_, index) => exists[index])
}
