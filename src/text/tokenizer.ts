// Encodes text to ids, and gives the bytes of ids.

import { HadalError } from '../lib/error.ts'
import { isJsonObject } from '../lib/json.ts'
import { openTokenSplitter, type TextPiece } from './added-tokens.ts'
import { bytesOfText, bytesOfToken, textOfBytes } from './byte-level.ts'
import { readTiktokenFile } from './tiktoken-file.ts'
import { tokenContent } from './token-content.ts'
import { readTokenizerFile } from './tokenizer-file.ts'
import type { Vocabulary } from './vocabulary.ts'

const MAX_TEXT = 1 << 22 // characters; far beyond any context, small enough not to stall a tab for long
const NO_BYTES = new Uint8Array(0)

/** A model's tokenizer. */
export interface TextTokenizer {
  /** Id of the begin token, if the model has one. */
  readonly bosId: number | undefined
  /** Whether a raw text starts with `bosId`. For chats, the template writes the token. */
  readonly addsBos: boolean
  /** Texts of the control tokens: special tokens, and markup such as <think> or <｜User｜>. */
  readonly controls: readonly string[]
  /**
   * Ids of a trusted text, such as a rendered template: control tokens in it count. A begin token is never
   * doubled.
   */
  encode(text: string, options?: { readonly addBos?: boolean }): number[]
  /** Ids of an untrusted text: control tokens written in it stay ordinary characters. */
  encodePlain(text: string): number[]
  /** Splits a trusted text at its control tokens, the longest first where several start. */
  split(text: string): TextPiece[]
  /** The id of a control token's text. */
  controlId(text: string): number | undefined
  /** The raw bytes of an id, not necessarily whole characters; none for an id without a token. */
  bytesOf(id: number): Uint8Array
  /** Whether the id is left out of decoded text. */
  isSpecial(id: number): boolean
  /** Whether the id is a control token: it steers the model and does not stand for text. */
  isControl(id: number): boolean
  /** Text of one id for display, incomplete characters as U+FFFD. */
  tokenText(id: number): string
}

/**
 * Opens a model's tokenizer from its two parsed files.
 * @param tokenizerConfig tokenizer_config.json; undefined where the folder has none
 * @param options.vocab rows of the model's embedding
 * @throws HadalError bad_file or unsupported, naming the file
 */
export function openTokenizer(
  tokenizerJson: unknown,
  tokenizerConfig: unknown,
  { vocab }: { readonly vocab: number },
): TextTokenizer {
  return open('tokenizer.json', tokenizerConfig, () => readTokenizerFile(tokenizerJson, vocab))
}

/**
 * Opens the tokenizer of Moonlight and Kimi, which publish a rank table instead of a tokenizer.json.
 * @param tiktokenModel the text of tiktoken.model
 * @param tokenizerConfig parsed tokenizer_config.json, which names the special tokens
 * @param options.vocab rows of the model's embedding
 * @throws HadalError bad_file, naming the file
 */
export function openTiktokenTokenizer(
  tiktokenModel: string,
  tokenizerConfig: unknown,
  { vocab }: { readonly vocab: number },
): TextTokenizer {
  return open('tiktoken.model', tokenizerConfig, (config) => readTiktokenFile(tiktokenModel, config, vocab))
}

function open(
  file: string,
  tokenizerConfig: unknown,
  read: (config: Record<string, unknown>) => Vocabulary,
): TextTokenizer {
  const config = readConfig(tokenizerConfig)
  return withFileErrors(file, () => build(file, read(config), config))
}

/** Runs `act`; errors that are not HadalErrors become `bad_file` of this file. */
function withFileErrors<T>(file: string, act: () => T): T {
  try {
    return act()
  } catch (cause) {
    if (cause instanceof HadalError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new HadalError('bad_file', `${file} cannot be used: ${reason.slice(0, 300)}`, {
      file,
      hint: 'Download the file again from the model’s own page.',
      cause,
    })
  }
}

/** tokenizer_config.json as an object; empty if the folder has none. */
export function readConfig(tokenizerConfig: unknown): Record<string, unknown> {
  if (tokenizerConfig === undefined || tokenizerConfig === null) return {}
  if (isJsonObject(tokenizerConfig)) return tokenizerConfig
  throw new HadalError('bad_file', 'tokenizer_config.json is not a JSON object.', {
    file: 'tokenizer_config.json',
    hint: 'Download the file again from the model’s own page.',
  })
}

function build(file: string, vocabulary: Vocabulary, config: Record<string, unknown>): TextTokenizer {
  const { texts, added, controls, prefix } = vocabulary
  const addedById = new Map(added.map((token) => [token.id, token]))
  const controlByText = new Map(controls.map((token) => [token.content, token]))
  const controlIds = new Set(controls.map((token) => token.id))
  const split = openTokenSplitter(controls)
  const bosText = tokenContent(config.bos_token)
  const bosIndex = bosText === undefined ? -1 : texts.indexOf(bosText)
  const bosId = bosIndex < 0 ? undefined : bosIndex

  const encodePlain = (text: string) => withFileErrors(file, () => vocabulary.encodePlain(checkLength(text)))
  const bytesOf = (id: number) => {
    const token = addedById.get(id)
    if (token !== undefined) return bytesOfText(token.content)
    const text = texts[id]
    return text === undefined ? NO_BYTES : bytesOfToken(text)
  }
  return {
    bosId,
    addsBos:
      typeof config.add_bos_token === 'boolean'
        ? config.add_bos_token
        : prefix !== undefined && prefix === bosText,
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
