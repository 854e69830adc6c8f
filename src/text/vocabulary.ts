// Answers: what must any vocabulary file say, so that texts become ids and ids bytes? It must not know how a file says it.

import { HadalError } from '../lib/error.ts'
import type { AddedToken, Refuse } from './added-tokens.ts'

/** A vocabulary file, read and checked. */
export interface Vocabulary {
  /** By id, in the byte alphabet; literal for added tokens. */
  readonly texts: readonly (string | undefined)[]
  readonly added: readonly AddedToken[]
  /** Those of `added` that steer the model: a user's plain text never becomes one of them. */
  readonly controls: readonly AddedToken[]
  /** The token put before a text that is completed as it stands. */
  readonly prefix: string | undefined
  /** The ids of a text, none of them a control token's. */
  encodePlain(text: string): number[]
}

/** Makes the errors of one file. */
export function refusalsOf(file: string): Refuse {
  return (what) =>
    new HadalError('bad_file', `${file}: ${what}.`, {
      file,
      hint: 'Download the file again from the model’s own page.',
    })
}

/** Fails when a file has tokens that the model's embedding has no rows for. */
export function checkRows(file: string, largestId: number, rows: number): void {
  if (largestId < rows) return
  const message = `${file} needs ${largestId + 1} token ids, but the model’s vocabulary has ${rows}.`
  const hint = 'The tokenizer belongs to another model: take both from the same folder.'
  throw new HadalError('bad_file', message, { file, hint })
}
