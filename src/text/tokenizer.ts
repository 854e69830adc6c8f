// Encodes text to ids, and gives the bytes of ids.

import { HadalError } from '../lib/error.ts'
import { isJsonObject } from '../lib/json.ts'
import { Notices } from '../lib/notices.ts'
import type { AddedToken } from './added-tokens.ts'
import { bytesOfText, bytesOfToken, textOfBytes } from './byte-level.ts'
import { tokenContent } from './token-content.ts'
import { openTokenSplitter, type TextPiece } from './token-splitter.ts'
import { readTokenizerFile } from './tokenizer-file.ts'
import type { Vocabulary, VocabularyContext } from './vocabulary.ts'

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
  split(text: string): readonly TextPiece[]
  /** The id of a control token's text. */
  controlId(text: string): number | undefined
  /** The id of the token with this text, as the files write it. */
  idOf(text: string): number | undefined
  /** The raw bytes of an id, not necessarily whole characters; none for an id without a token. */
  bytesOf(id: number): Uint8Array
  /** Whether the id is left out of decoded text. */
  isSpecial(id: number): boolean
  /** Whether the id is a control token: it steers the model and does not stand for text. */
  isControl(id: number): boolean
  /** Text of one id for display, incomplete characters as U+FFFD. */
  tokenText(id: number): string
}

export interface TokenizerOptions {
  /** Rows of the model's embedding. */
  readonly vocab: number
  /** Receives what the files say that is odd but does no harm. */
  readonly notices?: Notices | undefined
}

/**
 * Opens a model's tokenizer from its two parsed files.
 * @param tokenizerConfig tokenizer_config.json; undefined where the folder has none
 * @throws HadalError bad_file or unsupported, naming the file
 */
export function openTokenizer(
  tokenizerJson: unknown,
  tokenizerConfig: unknown,
  options: TokenizerOptions,
): TextTokenizer {
  return openVocabulary('tokenizer.json', tokenizerConfig, options, (context) =>
    readTokenizerFile(tokenizerJson, context),
  )
}

/** Opens a tokenizer whose vocabulary `read` reads from `file`. Throws as `openTokenizer`. */
export function openVocabulary(
  file: string,
  tokenizerConfig: unknown,
  { vocab, notices = new Notices() }: TokenizerOptions,
  read: (context: VocabularyContext) => Vocabulary,
): TextTokenizer {
  const config = readConfig(tokenizerConfig)
  const context = { config, rows: vocab, notices }
  return withFileErrors(file, () => build(file, read(context), context))
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

function build(file: string, vocabulary: Vocabulary, { config, rows }: VocabularyContext): TextTokenizer {
  const { added, controls, prefix, normalize } = vocabulary
  const addedById = new Map(added.map((token) => [token.id, token]))
  const addedByText = new Map(added.map((token) => [token.content, token]))
  const controlByText = new Map(controls.map((token) => [token.content, token]))
  const controlIds = new Set(controls.map((token) => token.id))
  const split = openTokenSplitter(
    controls,
    controls.some((token) => token.normalized) ? normalize : undefined,
  )
  const idOf = (text: string) => {
    const id = addedByText.get(text)?.id ?? vocabulary.idOf(text)
    return id < 0 ? undefined : id
  }
  const bosText = tokenContent(config.bos_token)
  const knownBos = bosText === undefined ? undefined : idOf(bosText)
  // A begin token that the model has no row for would make every prompt fail.
  const bosId = knownBos !== undefined && knownBos < rows ? knownBos : undefined

  const encoderOf = (tokens: readonly AddedToken[]) => {
    const pieces = openTokenSplitter(tokens, normalize)
    const encode = (text: string) => {
      const ids: number[] = []
      for (const piece of pieces(checkLength(text))) {
        if (typeof piece === 'number') ids.push(piece)
        else vocabulary.encodeText(piece, ids)
      }
      return ids
    }
    return (text: string) => withFileErrors(file, () => encode(text))
  }
  const encodeTrusted = encoderOf(added)
  const bytesOf = (id: number) => {
    const token = addedById.get(id)
    if (token !== undefined) return bytesOfText(token.content)
    const text = vocabulary.textOf(id)
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
      const ids = encodeTrusted(text)
      return addBos && bosId !== undefined && ids[0] !== bosId ? [bosId, ...ids] : ids
    },
    encodePlain: encoderOf(added.filter(({ id }) => !controlIds.has(id))),
    split: (text) => split(checkLength(text)),
    controlId: (text) => controlByText.get(text)?.id,
    idOf,
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
