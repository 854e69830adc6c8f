// Answers: which files of a folder make up the model? The ones that running it reads, and no other.
// It must not know what is in them.
import { openCheckpoint } from './checkpoint.ts'
import type { Source } from './source.ts'

const small = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'tiktoken.model',
  'chat_template.jinja',
  'model.safetensors.index.json',
]

/** Paths of all files that a copy of the model needs. Reads the index and the headers; throws as `openCheckpoint`. */
export async function modelFiles(source: Source, signal?: AbortSignal): Promise<readonly string[]> {
  const { files } = await openCheckpoint(source, signal)
  const there = await Promise.all(small.map((path) => source.exists(path, signal)))
  return [...small.filter((_, at) => there[at]), ...files.map(({ name }) => name)]
}
