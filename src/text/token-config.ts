// Reads what tokenizer_config.json and its older companions say about special tokens.

import { isJsonObject } from '../lib/json.ts'
import { tokenContent } from './token-content.ts'
import { readConfig } from './tokenizer.ts'

/** The parsed files of a folder that name special tokens; undefined where there is none. */
export interface TokenFiles {
  readonly tokenizerConfig: unknown
  /** special_tokens_map.json */
  readonly specialTokensMap?: unknown
  /** added_tokens.json */
  readonly addedTokens?: unknown
}

/** Keys of the tokens that end a turn. */
const END_TOKENS = ['eos_token', 'eot_token', 'eom_token']
const TOKEN_LISTS = ['additional_special_tokens', 'extra_special_tokens']

/**
 * tokenizer_config.json as transformers completes it: where it has no `added_tokens_decoder`, the older files
 * add theirs and special_tokens_map.json wins.
 * @throws HadalError bad_file, if tokenizer_config.json is not an object
 */
export function mergeTokenFiles(files: TokenFiles): Record<string, unknown> {
  const config = readConfig(files.tokenizerConfig)
  if ('added_tokens_decoder' in config) return config
  const merged: Record<string, unknown> = { ...config }
  for (const [key, value] of entriesOf(files.specialTokensMap)) {
    const earlier = config[key]
    const isList = TOKEN_LISTS.includes(key) && Array.isArray(value) && Array.isArray(earlier)
    merged[key] = isList ? [...earlier, ...value] : value
  }
  const special = new Set(
    entriesOf(merged).flatMap(([key, value]) =>
      TOKEN_LISTS.includes(key) && Array.isArray(value) ? value.map(tokenContent) : [tokenContent(value)],
    ),
  )
  const added = entriesOf(files.addedTokens)
  if (added.length > 0)
    merged.added_tokens_decoder = Object.fromEntries(
      added.map(([content, id]) => [String(id), { content, special: special.has(content) }]),
    )
  return merged
}

/** The texts of the tokens that end a turn, as the tokenizer's files name them. */
export const endTokenTexts = (files: TokenFiles): string[] =>
  [files.tokenizerConfig, files.specialTokensMap].flatMap((file) =>
    entriesOf(file).flatMap(([key, value]) => {
      const content = END_TOKENS.includes(key) ? tokenContent(value) : undefined
      return content === undefined ? [] : [content]
    }),
  )

const entriesOf = (file: unknown): [string, unknown][] => (isJsonObject(file) ? Object.entries(file) : [])
