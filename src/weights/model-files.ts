// Answers: which files of a folder make up the model? The ones that running it reads, and no other.
// It must not know what is in them.
import { configPath, indexPath, openCheckpoint } from './checkpoint.ts'
import type { Source } from './source.ts'

const texts = [
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'tiktoken.model',
  'chat_template.jinja',
]

/** Paths of all files that a copy of the model needs. Reads the index and the headers; throws as `openCheckpoint`. */
export async function modelFiles(source: Source, signal?: AbortSignal): Promise<readonly string[]> {
  const { files } = await openCheckpoint(source, signal)
  return [
    ...(await those(source, [configPath, ...texts, indexPath], signal)),
    ...files.map(({ name }) => name),
  ]
}

/** Those of a model's files that any copy has as they are, whatever became of its weights. */
export const textFiles = (source: Source, signal?: AbortSignal): Promise<readonly string[]> =>
  those(source, texts, signal)

async function those(
  source: Source,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const there = await Promise.all(paths.map((path) => source.exists(path, signal)))
  return paths.filter((_, at) => there[at])
}
