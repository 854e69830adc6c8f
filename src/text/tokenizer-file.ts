// Reads a tokenizer.json: untrusted JSON in, a checked vocabulary out. The file is taken literally;
// tokenizer_class and the like are ignored, because released files name classes that would lose the spaces.

import { HadalError } from '../lib/error.ts'
import { isJsonObject } from '../lib/json.ts'
import { type AddedToken, controlTokens, isId, openTokenSplitter, readAdded } from './added-tokens.ts'
import { type BpeMerges, openBpe } from './bpe.ts'
import { checkDecoder, readNormalizer, readPrefix, readPreTokenizer } from './pretokenizer.ts'
import { openPreTokenizer } from './split.ts'
import { badFileErrors, checkEmbeddingRows, type Vocabulary } from './vocabulary.ts'

const FILE = 'tokenizer.json'
const bad = badFileErrors(FILE)

/**
 * Checks and reads the parsed tokenizer.json of a byte-level BPE vocabulary.
 * @param rows rows of the model's embedding; a file with more tokens belongs to another model
 * @throws HadalError bad_file (malformed, or larger than `rows`), unsupported (well-formed, another kind)
 */
export function readTokenizerFile(json: unknown, rows: number): Vocabulary {
  if (!isJsonObject(json)) throw bad('the file is not a JSON object')
  const { model } = json
  if (!isJsonObject(model)) throw bad('"model" is missing')
  checkModel(model)
  if (!isJsonObject(model.vocab)) throw bad('"model.vocab" is missing')
  const added = readAdded(json.added_tokens, bad)
  const texts = readTexts(model.vocab, added, rows)
  const controls = controlTokens(added, bad)
  checkDecoder(json.decoder)
  return {
    texts,
    added,
    controls,
    prefix: readPrefix(json.post_processor),
    encodePlain: plainEncoder(json, model, { vocab: model.vocab, added, controls: new Set(controls) }),
  }
}

function checkModel({
  type = 'BPE',
  continuing_subword_prefix,
  end_of_word_suffix,
}: Record<string, unknown>): void {
  if (type === 'BPE' && !continuing_subword_prefix && !end_of_word_suffix) return
  const message = `tokenizer.json holds a ${type} model; Hadal supports byte-level BPE only.`
  const hint = 'The DeepSeek, Qwen and Llama 3 families publish byte-level BPE files.'
  throw new HadalError('unsupported', message, { file: FILE, hint })
}

interface CheckedTokens {
  readonly vocab: Record<string, unknown>
  readonly added: readonly AddedToken[]
  readonly controls: ReadonlySet<AddedToken>
}

/**
 * Makes the encoder of plain text. Ordinary added tokens are split off before and after the normalizer; the
 * rest is split by patterns and merged.
 */
function plainEncoder(
  json: Record<string, unknown>,
  model: Record<string, unknown>,
  { vocab, added, controls }: CheckedTokens,
): (text: string) => number[] {
  const normalize = readNormalizer(json.normalizer)
  const ordinary = added.filter((token) => !controls.has(token))
  const normalizedTokens = ordinary.filter(({ normalized }) => normalized && normalize !== undefined)
  const splitRaw = openTokenSplitter(ordinary.filter((token) => !normalizedTokens.includes(token)))
  const splitNormalized = openTokenSplitter(
    normalizedTokens.map((token) => ({ ...token, content: normalize?.(token.content) ?? token.content })),
  )
  const split = openPreTokenizer(readPreTokenizer(json.pre_tokenizer))
  const encodePiece = openBpe(readMerges(model, vocab, controls))
  const encodeText = (text: string, ids: number[]) => {
    for (const piece of split(text)) for (const id of encodePiece(piece)) ids.push(id)
  }
  return (text) => {
    const ids: number[] = []
    for (const piece of splitRaw(text)) {
      const parts = typeof piece === 'number' ? [piece] : splitNormalized(normalize?.(piece) ?? piece)
      for (const part of parts) {
        if (typeof part === 'number') ids.push(part)
        else encodeText(part, ids)
      }
    }
    return ids
  }
}

/** The texts by id; those of added tokens win. */
function readTexts(
  vocab: Record<string, unknown>,
  added: readonly AddedToken[],
  rows: number,
): (string | undefined)[] {
  const entries = [
    ...Object.entries(vocab),
    ...added.map(({ content, id }): [string, unknown] => [content, id]),
  ]
  let largest = -1
  for (const [text, id] of entries) {
    if (!isId(id)) throw bad(`the token ${JSON.stringify(text.slice(0, 40))} has no valid id`)
    largest = Math.max(largest, id)
  }
  if (largest < 0) throw bad('the vocabulary is empty')
  checkEmbeddingRows(FILE, largest, rows)
  const texts: (string | undefined)[] = new Array(largest + 1).fill(undefined)
  for (const [text, id] of entries) {
    if (!isId(id)) continue
    const other = texts[id]
    if (other !== undefined && other !== text) {
      throw bad(`the tokens ${JSON.stringify(other)} and ${JSON.stringify(text)} share the id ${id}`)
    }
    texts[id] = text
  }
  return texts
}

/**
 * Reads the merges. They are looked up by their two tokens with a space between, which the byte alphabet
 * lacks. Both and their result must be tokens.
 */
function readMerges(
  { merges, ignore_merges }: Record<string, unknown>,
  vocab: Record<string, unknown>,
  controls: ReadonlySet<AddedToken>,
): BpeMerges {
  if (!Array.isArray(merges)) throw bad('"model.merges" is not a list')
  const ids = new Map<string, number>()
  for (const [text, id] of Object.entries(vocab)) ids.set(text, Number(id))
  const ranks = new Map<string, number>()
  merges.forEach((entry: unknown, rank) => {
    const pair: unknown = typeof entry === 'string' ? entry.split(' ') : entry
    const [left, right]: unknown[] = Array.isArray(pair) && pair.length === 2 ? pair : []
    if (typeof left !== 'string' || typeof right !== 'string')
      throw bad(`merge ${rank} is not a pair of tokens`)
    for (const text of [left, right, left + right]) {
      if (!ids.has(text))
        throw bad(`merge ${rank} uses ${JSON.stringify(text.slice(0, 40))}, which is not a token`)
    }
    ranks.set(`${left} ${right}`, rank)
  })
  // Plain text must not become a control token, not even by merging.
  const controlTexts = new Set([...controls].map(({ content }) => content).filter((text) => ids.delete(text)))
  return {
    ids,
    ignoreMerges: ignore_merges === true,
    rank(text, from, middle, to) {
      const rank = ranks.get(`${text.slice(from, middle)} ${text.slice(middle, to)}`)
      return rank !== undefined && controlTexts.size > 0 && controlTexts.has(text.slice(from, to))
        ? undefined
        : rank
    },
  }
}
