// What every vocabulary file yields, and the checks that all of them share.

import { HadalError } from '../lib/error.ts'
import type { AddedToken, MakeFileError } from './added-tokens.ts'

/** A vocabulary, read from its file and checked. */
export interface Vocabulary {
  /** Token texts by id, in the byte alphabet; literal for added tokens. */
  readonly texts: readonly (string | undefined)[]
  readonly added: readonly AddedToken[]
  /** The control tokens among `added`: a user's plain text never becomes one of them. */
  readonly controls: readonly AddedToken[]
  /** Text of the token that is put before a raw text. */
  readonly prefix: string | undefined
  /** Encodes a text without control tokens. */
  encodePlain(text: string): number[]
}

/** Makes the `bad_file` errors of one file. */
export function badFileErrors(file: string): MakeFileError {
  return (what) =>
    new HadalError('bad_file', `${file}: ${what}.`, {
      file,
      hint: 'Download the file again from the model’s own page.',
    })
}

/** Fails when a file has tokens that the model's embedding has no rows for. */
export function checkEmbeddingRows(file: string, largestId: number, rows: number): void {
  if (largestId < rows) return
  const message = `${file} needs ${largestId + 1} token ids, but the model’s vocabulary has ${rows}.`
  const hint = 'The tokenizer belongs to another model: use both files of the same folder.'
  throw new HadalError('bad_file', message, { file, hint })
}
