// Reads a tiktoken.model: each line is a token in base64 and its rank, which is also its id. Neighbouring
// tokens merge when their bytes together are a token, the lowest rank first.

import { isJsonObject } from '../lib/json.ts'
import { type AddedToken, controlTokens, type ListedToken, readAdded } from './added-tokens.ts'
import { type BpeMerges, openBpe } from './bpe.ts'
import { BYTE_ALPHABET } from './byte-level.ts'
import { MOONSHOT_SPLITS, RESERVED_TOKENS, reservedToken } from './moonshot.ts'
import { openPreTokenizer } from './split.ts'
import { TokenTable } from './token-table.ts'
import {
  badFileErrors,
  checkEmbeddingRows,
  noteTokensBeyond,
  type Vocabulary,
  type VocabularyContext,
} from './vocabulary.ts'

const FILE = 'tiktoken.model'
const MAX_LINE = 2048 // characters; the longest token of a published file has 128 bytes
const bad = badFileErrors(FILE)
const badConfig = badFileErrors('tokenizer_config.json')

/**
 * Checks and reads the tiktoken.model of Moonlight or Kimi, whose special tokens the config names.
 * @param text the file
 * @throws HadalError bad_file, naming the file and the line
 */
export function readTiktokenFile(text: string, context: VocabularyContext): Vocabulary {
  const { config, rows } = context
  const tokens = readTokens(text, rows)
  const added = readSpecial(config.added_tokens_decoder, tokens.length, rows)
  noteTokensBeyond(added, context)
  const table = new TokenTable(tokens, [...tokens.keys()])
  const split = openPreTokenizer(MOONSHOT_SPLITS)
  const encodePiece = openBpe(mergesOf(tokens, table))
  return {
    textOf: (id) => tokens[id],
    idOf: (token) => table.find(token),
    added,
    controls: controlTokens(added, badConfig),
    prefix: undefined,
    normalize: undefined,
    encodeText(piece, ids) {
      for (const part of split(piece)) for (const id of encodePiece(part)) ids.push(id)
    },
  }
}

/**
 * The tokens by rank, in the byte alphabet. Each rank occurs once, none is missing, every byte is a token.
 */
function readTokens(file: string, rows: number): string[] {
  const tokens: string[] = []
  let line = 0
  for (let at = 0; at < file.length; ) {
    const newline = file.indexOf('\n', at)
    const end = newline < 0 ? file.length : newline
    line++
    if (end - at > MAX_LINE) throw bad(`line ${line} has more than ${MAX_LINE} characters`)
    const text = file.slice(at, end).trimEnd()
    at = end + 1
    if (text === '') continue
    const [, base64, rank] =
      /^((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2,3}={0,2})?) (\d{1,9})$/.exec(text) ?? []
    if (!base64 || rank === undefined || base64.length % 4 !== 0)
      throw bad(`line ${line} is not a token in base64 and its rank`)
    checkEmbeddingRows(FILE, Number(rank), rows)
    if (tokens[Number(rank)] !== undefined) throw bad(`line ${line} gives the rank ${rank} again`)
    tokens[Number(rank)] = tokenOfBase64(base64)
  }
  checkTokens(tokens)
  return tokens
}

function tokenOfBase64(base64: string): string {
  const binary = atob(base64)
  let token = ''
  for (let i = 0; i < binary.length; i++) token += BYTE_ALPHABET[binary.charCodeAt(i)]
  return token
}

function checkTokens(tokens: readonly (string | undefined)[]): void {
  for (let rank = 0; rank < tokens.length; rank++)
    if (tokens[rank] === undefined) throw bad(`no token has the rank ${rank}, although there are higher ones`)
  const known = new Set(tokens)
  if (known.size !== tokens.length) throw bad('a token has two ranks')
  const missing = BYTE_ALPHABET.findIndex((character) => !known.has(character))
  if (missing >= 0) throw bad(`no token stands for the byte ${missing} alone`)
}

/** The special tokens, whose ids follow the last rank: named by the config, else by their number. */
function readSpecial(decoder: unknown, ranks: number, rows: number): AddedToken[] {
  if (decoder !== undefined && decoder !== null && !isJsonObject(decoder))
    throw badConfig('"added_tokens_decoder" is not an object')
  const named = readAdded(
    Object.entries(decoder ?? {}).map(([id, token]) =>
      isJsonObject(token) ? { ...token, id: Number(id) } : token,
    ),
    badConfig,
  )
  const ids = new Set(named.map(({ id }) => id))
  for (const { id, content } of named) {
    if (id < ranks) throw badConfig(`${JSON.stringify(content)} has the id ${id} of an ordinary token`)
  }
  if (ids.size !== named.length) throw badConfig('two added tokens share an id')
  const flags = { special: true, lstrip: false, rstrip: false, singleWord: false, normalized: false }
  const rest = Array.from({ length: RESERVED_TOKENS }, (_, index) => ranks + index)
    .filter((id) => id < rows && !ids.has(id))
    .map((id): ListedToken => ({ id, content: reservedToken(id), ...flags }))
  return [...named, ...rest]
    .sort((a, b) => a.id - b.id)
    .map((token) => ({ ...token, raw: !token.normalized }))
}

function mergesOf(tokens: readonly string[], table: TokenTable): BpeMerges {
  const maxLength = tokens.reduce((max, { length }) => Math.max(max, length), 0)
  return {
    ignoreMerges: true,
    idOf: (text, from, to) => table.find(text, from, to),
    rankOf({ text, ends }, at) {
      const to = ends[ends[at] ?? -1] ?? text.length
      return to - at > maxLength ? -1 : table.find(text, at, to)
    },
    idOfRank: (rank) => rank,
  }
}
