// Answers: which ids stand for a text, and which bytes for an id? It must not know chat templates or streams.

import { Tokenizer } from '@huggingface/tokenizers'
import { HadalError } from '../lib/error.ts'
import { isRecord } from '../lib/record.ts'
import { bytesOfText, bytesOfToken, textOfBytes } from './bytes.ts'
import { tokenContent } from './token-content.ts'
import { type AddedToken, readTokenizerFile, type TokenizerFile } from './tokenizer-file.ts'

const MAX_TEXT = 1 << 24 // characters: far beyond any context, small enough not to stall a tab for minutes
const NO_BYTES = new Uint8Array(0)

/** A piece of a text: a control token's id, or plain text in between. */
export type TextPiece = number | string

export interface TextTokenizer {
  /** Begin-of-sentence, if the model has one. */
  readonly bosId: number | undefined
  /** Whether a plain completion starts with `bosId`. A chat never does so by itself: its template writes the token. */
  readonly addsBos: boolean
  /** The texts of the control tokens: special ones, and markup such as <think> or <｜User｜>. */
  readonly controls: readonly string[]
  /** Ids of a trusted text, for instance a rendered template: control tokens in it count. A BOS is never doubled. */
  encode(text: string, options?: { readonly addBos?: boolean }): number[]
  /** Ids of a text from outside: control tokens written in it stay ordinary characters. */
  encodePlain(text: string): number[]
  /** Cuts a trusted text at its control tokens, the longest first where several start. */
  split(text: string): TextPiece[]
  /** The id of a control token's text. */
  controlId(text: string): number | undefined
  /** The raw bytes of an id, not necessarily whole characters; none for an id without a token. */
  bytesOf(id: number): Uint8Array
  /** Whether the id is left out of decoded text. */
  isSpecial(id: number): boolean
  /** Whether the id steers the model rather than standing for text. */
  isControl(id: number): boolean
  /** The text of one id for display, incomplete characters as U+FFFD. */
  tokenText(id: number): string
}

/**
 * Opens a model's tokenizer from its two parsed files.
 * @param tokenizerConfig tokenizer_config.json; undefined where the folder has none
 * @param options.vocab the rows of the model's embedding
 * @throws HadalError bad_file or unsupported, naming the file
 */
export function openTokenizer(
  tokenizerJson: unknown,
  tokenizerConfig: unknown,
  { vocab }: { readonly vocab: number },
): TextTokenizer {
  const config = readConfig(tokenizerConfig)
  try {
    return build(readTokenizerFile(tokenizerJson, vocab), config)
  } catch (cause) {
    if (cause instanceof HadalError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new HadalError('bad_file', `tokenizer.json cannot be used: ${reason.slice(0, 300)}`, {
      file: 'tokenizer.json',
      hint: 'Download the file again from the model’s own page.',
      cause,
    })
  }
}

/** tokenizer_config.json as an object; an absent file says nothing. */
export function readConfig(tokenizerConfig: unknown): Record<string, unknown> {
  if (tokenizerConfig === undefined || tokenizerConfig === null) return {}
  if (isRecord(tokenizerConfig)) return tokenizerConfig
  throw new HadalError('bad_file', 'tokenizer_config.json is not a JSON object.', {
    file: 'tokenizer_config.json',
    hint: 'Download the file again from the model’s own page.',
  })
}

function build(file: TokenizerFile, config: Record<string, unknown>): TextTokenizer {
  const library = new Tokenizer(file.library, {})
  const addedById = new Map(file.added.map((token) => [token.id, token]))
  const controlByText = new Map(file.controls.map((token) => [token.content, token]))
  const controlIds = new Set(file.controls.map((token) => token.id))
  const split = splitter(controlByText)
  const bosText = tokenContent(config.bos_token)
  const bosAt = bosText === undefined ? -1 : file.texts.indexOf(bosText)
  const bosId = bosAt < 0 ? undefined : bosAt

  const encodePlain = (text: string) => library.encode(checkLength(text), { add_special_tokens: false }).ids
  const bytesOf = (id: number) => {
    const added = addedById.get(id)
    if (added !== undefined) return bytesOfText(added.content)
    const text = file.texts[id]
    return text === undefined ? NO_BYTES : bytesOfToken(text)
  }
  return {
    bosId,
    addsBos:
      typeof config.add_bos_token === 'boolean'
        ? config.add_bos_token
        : file.prefix !== undefined && file.prefix === bosText,
    controls: [...controlByText.keys()],
    encode(text, { addBos = false } = {}) {
      const ids = split(checkLength(text)).flatMap((piece) =>
        typeof piece === 'number' ? piece : encodePlain(piece),
      )
      return addBos && bosId !== undefined && ids[0] !== bosId ? [bosId, ...ids] : ids
    },
    encodePlain,
    split,
    controlId: (text) => controlByText.get(text)?.id,
    bytesOf,
    isSpecial: (id) => addedById.get(id)?.special === true,
    isControl: (id) => controlIds.has(id),
    tokenText: (id) => textOfBytes(bytesOf(id)),
  }
}

function checkLength(text: string): string {
  if (text.length <= MAX_TEXT) return text
  throw new HadalError(
    'bad_request',
    `The text has ${text.length} characters; at most ${MAX_TEXT} can be encoded.`,
    {
      hint: 'Shorten the text: no model’s context is that long.',
    },
  )
}

/** Cuts texts at control tokens: the leftmost first, of those the longest. */
function splitter(controls: ReadonlyMap<string, AddedToken>): (text: string) => TextPiece[] {
  const texts = [...controls.keys()].sort((a, b) => b.length - a.length)
  const pattern = new RegExp(
    `(${texts.map((text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|')})`,
    'u',
  )
  pattern.test('') // compiles now, so that an impossible one fails while the file is being opened
  if (texts.length === 0) return (text) => (text === '' ? [] : [text])
  return (text) => {
    const parts = text.split(pattern) // plain and control texts in turn
    parts.forEach((part, index) => {
      const control = index % 2 === 1 ? controls.get(part) : undefined
      if (control?.lstrip) parts[index - 1] = parts[index - 1]?.trimEnd() ?? ''
      if (control?.rstrip) parts[index + 1] = parts[index + 1]?.trimStart() ?? ''
    })
    return parts
      .map((part, index) => (index % 2 === 1 ? (controls.get(part)?.id ?? part) : part))
      .filter((piece) => piece !== '')
  }
}
