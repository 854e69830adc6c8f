// What every vocabulary file yields, and the checks that all of them share.

import { HadalError } from '../lib/error.ts'
import { listNames, type Notices } from '../lib/notices.ts'
import type { AddedToken, MakeFileError } from './added-tokens.ts'
import type { Normalize } from './token-splitter.ts'

/** A vocabulary, read from its file and checked. */
export interface Vocabulary {
  /** Text of an ordinary token, in the byte alphabet. */
  textOf(id: number): string | undefined
  /** Id of an ordinary token's text, -1 if there is none. */
  idOf(text: string): number
  readonly added: readonly AddedToken[]
  /** The control tokens among `added`: a user's plain text never becomes one of them. */
  readonly controls: readonly AddedToken[]
  /** Text of the token that is put before a raw text. */
  readonly prefix: string | undefined
  readonly normalize: Normalize | undefined
  /** Appends the ids of a normalised text without added tokens. */
  encodeText(text: string, ids: number[]): void
}

/** What reading a vocabulary depends on besides its file. */
export interface VocabularyContext {
  /** tokenizer_config.json, as transformers reads it together with its older companions. */
  readonly config: Readonly<Record<string, unknown>>
  /** Rows of the model's embedding. */
  readonly rows: number
  readonly notices: Notices
}

/** Makes the `bad_file` errors of one file. */
export function badFileErrors(file: string): MakeFileError {
  return (what) =>
    new HadalError('bad_file', `${file}: ${what}.`, {
      file,
      hint: 'Download the file again from the model’s own page.',
    })
}

/** Fails when ordinary text would get ids that the model's embedding has no rows for. */
export function checkEmbeddingRows(file: string, largestId: number, rows: number): void {
  if (largestId < rows) return
  const message = `${file} needs ${largestId + 1} token ids, but the model’s vocabulary has ${rows}.`
  const hint = 'The tokenizer belongs to another model: use both files of the same folder.'
  throw new HadalError('bad_file', message, { file, hint })
}

/** Notes tokens without a row of the embedding: they do no harm until a prompt uses one. */
export function noteTokensBeyond(
  tokens: readonly { readonly id: number; readonly content: string }[],
  { rows, notices }: VocabularyContext,
): void {
  const beyond = tokens.filter(({ id }) => id >= rows).map(({ content }) => content)
  if (beyond.length === 0) return
  notices.add(
    `The tokenizer has tokens beyond the ${rows} rows of the model’s embedding: ${listNames(beyond)}. ` +
      'A prompt that uses one of them is refused.',
  )
}
