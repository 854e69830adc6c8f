// Added tokens of a vocabulary, which stand apart from its merges: reads their list and finds them in a text.

import type { HadalError } from '../lib/error.ts'
import { isJsonObject } from '../lib/json.ts'

const MAX_CONTROLS = 16_384
const MAX_CONTENT = 1024

export interface AddedToken {
  readonly id: number
  readonly content: string
  readonly special: boolean // left out of decoded text
  readonly lstrip: boolean // removes the white space before it
  readonly rstrip: boolean // removes the white space after it
  readonly normalized: boolean // searched for in the normalised text
}

/** Makes the error for a malformed file; `what` completes the sentence. */
export type MakeFileError = (what: string) => HadalError

/** A piece of a text: the id of an added token, or the plain text in between. */
export type TextPiece = number | string

/** Reads a list of added tokens, as tokenizer.json and tokenizer_config.json write them. */
export function readAdded(list: unknown, refuse: MakeFileError): AddedToken[] {
  if (list === undefined || list === null) return []
  if (!Array.isArray(list)) throw refuse('"added_tokens" is not a list')
  const ids = new Map<string, number>()
  return list.map((entry: unknown, index) => {
    if (!isJsonObject(entry)) throw refuse(`added token ${index} is not an object`)
    const { id, content } = entry
    if (!isId(id)) throw refuse(`added token ${index} has no valid id`)
    if (typeof content !== 'string' || content === '' || content.length > MAX_CONTENT) {
      throw refuse(`added token ${index} has no text, or one of more than ${MAX_CONTENT} characters`)
    }
    if ((ids.get(content) ?? id) !== id)
      throw refuse(`two added tokens have the text ${JSON.stringify(content)}`)
    ids.set(content, id)
    const special = entry.special === true
    return {
      id,
      content,
      special,
      lstrip: entry.lstrip === true,
      rstrip: entry.rstrip === true,
      normalized: typeof entry.normalized === 'boolean' ? entry.normalized : !special,
    }
  })
}

export function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

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

/** Makes a function that splits texts at these tokens; of tokens that start together, at the longest. */
export function openTokenSplitter(tokens: readonly AddedToken[]): (text: string) => TextPiece[] {
  if (tokens.length === 0) return (text) => (text === '' ? [] : [text])
  const byText = new Map(tokens.map((token) => [token.content, token]))
  const texts = [...byText.keys()].sort((a, b) => b.length - a.length)
  const pattern = new RegExp(
    `(${texts.map((text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|')})`,
    'u',
  )
  pattern.test('') // compiles the pattern now, so that an impossible one fails while the file is being opened
  return (text) => {
    const parts = text.split(pattern) // plain texts and tokens, alternating
    parts.forEach((part, index) => {
      const token = index % 2 === 1 ? byText.get(part) : undefined
      if (token?.lstrip) parts[index - 1] = parts[index - 1]?.trimEnd() ?? ''
      if (token?.rstrip) parts[index + 1] = parts[index + 1]?.trimStart() ?? ''
    })
    return parts
      .map((part, index) => (index % 2 === 1 ? (byText.get(part)?.id ?? part) : part))
      .filter((piece) => piece !== '')
  }
}
