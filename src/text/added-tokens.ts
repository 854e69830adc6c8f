// Added tokens of a vocabulary, which stand apart from its merges: reads the lists of them.

import type { HadalError } from '../lib/error.ts'
import { isJsonObject } from '../lib/json.ts'

const MAX_CONTROLS = 16_384
const MAX_CONTENT = 1024

/** The flags of an added token, in the terms of tokenizer.json. */
export interface TokenFlags {
  readonly special: boolean // left out of decoded text
  readonly lstrip: boolean // removes the white space before it
  readonly rstrip: boolean // removes the white space after it
  readonly singleWord: boolean // counts only where no letter, digit or underscore touches it
  readonly normalized: boolean // searched for in the normalised text
}

export interface AddedToken extends TokenFlags {
  readonly id: number
  readonly content: string
  /** Searched for in the text as it is. Both when two files of a folder differ about `normalized`. */
  readonly raw: boolean
}

/** An entry of a list of added tokens. */
export interface ListedToken extends TokenFlags {
  readonly id: number
  readonly content: string
}

/** Makes the error for a malformed file; `what` completes the sentence. */
export type MakeFileError = (what: string) => HadalError

/** Reads a list of added tokens, as tokenizer.json and tokenizer_config.json write them. */
export function readAdded(list: unknown, refuse: MakeFileError): ListedToken[] {
  if (list === undefined || list === null) return []
  if (!Array.isArray(list)) throw refuse('"added_tokens" is not a list')
  const ids = new Map<string, number>()
  return list.map((entry: unknown, index) => {
    if (!isJsonObject(entry)) throw refuse(`added token ${index} is not an object`)
    const { id, content } = entry
    if (!isId(id)) throw refuse(`added token ${index} has no valid id`)
    if (!isContent(content))
      throw refuse(`added token ${index} has no text, or one of more than ${MAX_CONTENT} characters`)
    if ((ids.get(content) ?? id) !== id)
      throw refuse(`two added tokens have the text ${JSON.stringify(content)}`)
    ids.set(content, id)
    return { id, content, ...readFlags(entry) }
  })
}

/** The flags as written; `normalized` is by default the opposite of `special`. */
export function readFlags(
  entry: Readonly<Record<string, unknown>>,
  special = entry.special === true,
): TokenFlags {
  return {
    special,
    lstrip: entry.lstrip === true,
    rstrip: entry.rstrip === true,
    singleWord: entry.single_word === true,
    normalized: typeof entry.normalized === 'boolean' ? entry.normalized : !special,
  }
}

/** Ids are 31-bit numbers; those of published models have 18 bits. */
export function isId(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && (value | 0) === value
}

export const isContent = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= MAX_CONTENT

/**
 * The control tokens, which steer the model: special tokens, and those that look like markup, because
 * released files mark <think> or <｜User｜> as ordinary. A user's plain text never becomes one of them.
 */
export function controlTokens(added: readonly AddedToken[], refuse: MakeFileError): AddedToken[] {
  const controls = added.filter(
    ({ special, content }) => special || /^<\S.*>$/su.test(content) || /^\[[A-Z/_]+\]$/.test(content),
  )
  if (controls.length <= MAX_CONTROLS) return controls
  throw refuse(`it has ${controls.length} control tokens, the limit is ${MAX_CONTROLS}`)
}
