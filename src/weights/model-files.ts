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

/** Says, with the files after it, how an embedding model pools, in the layout of sentence-transformers. */
export const MODULES_FILE = 'modules.json'
export const POOLING_FILE = '1_Pooling/config.json'
export const NORMALIZE_FILE = '2_Normalize/config.json'
export const PROMPTS_FILE = 'config_sentence_transformers.json'
export const LIMITS_FILE = 'sentence_bert_config.json'
const EMBEDDING_FILES = [POOLING_FILE, NORMALIZE_FILE, PROMPTS_FILE, LIMITS_FILE]

/** Paths of all files a copy of the model needs. */
export async function modelFiles(
  { source, files }: Checkpoint,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  return [
    ...(await existing(source, [CONFIG_FILE, INDEX_FILE], signal)),
    ...(await textFiles(source, signal)),
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
export async function shareableFiles(source: Source, signal?: AbortSignal): Promise<readonly string[]> {
  const others = await existing(source, [...OTHER_FILES, ...codeFiles(source)], signal)
  return [...(await textFiles(source, signal)), ...others]
}

/** Tokenizers that are written in Python. */
const codeFiles = ({ files }: Source): readonly string[] =>
  [...(files?.keys() ?? [])].filter((path) => /^\w+\.py$/.test(path))

/** The files that every copy of a model shares unchanged, even one with quantized weights. */
export async function textFiles(source: Source, signal?: AbortSignal): Promise<readonly string[]> {
  const found = await existing(source, [...TEXT_FILES, MODULES_FILE], signal)
  const embeds = found.includes(MODULES_FILE)
  return embeds ? [...found, ...(await existing(source, EMBEDDING_FILES, signal))] : found
}
