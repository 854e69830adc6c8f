// Answers: what does a tokenizer.json say? Untrusted JSON in, a checked vocabulary out. The file is taken literally;
// tokenizer_class and its like are not looked at, because released files name classes that would lose the spaces.
// It must not know chat templates, nor other vocabulary files.

import { HadalError } from '../lib/error.ts'
import { isRecord } from '../lib/record.ts'
import { type AddedToken, controlsOf, isId, openSplit, readAdded } from './added-tokens.ts'
import { openPairs, type PairTable } from './byte-pairs.ts'
import { openCuts } from './cut.ts'
import { checkDecoder, readNormalizer, readPrefix, readPreTokenizer } from './pretokenizer.ts'
import { checkRows, refusalsOf, type Vocabulary } from './vocabulary.ts'

const FILE = 'tokenizer.json'
const bad = refusalsOf(FILE)

/**
 * Checks and reads the parsed tokenizer.json of a byte-level BPE vocabulary.
 * @param rows the rows of the model's embedding; a file with more tokens belongs to another model
 * @throws HadalError bad_file (malformed, or larger than `rows`), unsupported (well-formed, another kind)
 */
export function readTokenizerFile(json: unknown, rows: number): Vocabulary {
  if (!isRecord(json)) throw bad('the file is not a JSON object')
  const { model } = json
  if (!isRecord(model)) throw bad('"model" is missing')
  checkModel(model)
  if (!isRecord(model.vocab)) throw bad('"model.vocab" is missing')
  const added = readAdded(json.added_tokens, bad)
  const texts = readTexts(model.vocab, added, rows)
  const controls = controlsOf(added, bad)
  checkDecoder(json.decoder)
  return {
    texts,
    added,
    controls,
    prefix: readPrefix(json.post_processor),
    encodePlain: openPlain(json, model, model.vocab, added, new Set(controls)),
  }
}

function checkModel({
  type = 'BPE',
  continuing_subword_prefix,
  end_of_word_suffix,
}: Record<string, unknown>): void {
  if (type === 'BPE' && !continuing_subword_prefix && !end_of_word_suffix) return
  const message = `tokenizer.json holds a ${type} model; Hadal reads byte-level BPE.`
  const hint = 'The DeepSeek, Qwen and Llama 3 families publish byte-level BPE files.'
  throw new HadalError('unsupported', message, { file: FILE, hint })
}

/** Ordinary added tokens are cut out before and after the normaliser; what is left is cut by patterns and merged. */
function openPlain(
  json: Record<string, unknown>,
  model: Record<string, unknown>,
  vocab: Record<string, unknown>,
  added: readonly AddedToken[],
  controls: ReadonlySet<AddedToken>,
): (text: string) => number[] {
  const normalize = readNormalizer(json.normalizer)
  const ordinary = added.filter((token) => !controls.has(token))
  const late = ordinary.filter(({ normalized }) => normalized && normalize !== undefined)
  const splitRaw = openSplit(ordinary.filter((token) => !late.includes(token)))
  const splitLate = openSplit(
    late.map((token) => ({ ...token, content: normalize?.(token.content) ?? token.content })),
  )
  const cut = openCuts(readPreTokenizer(json.pre_tokenizer))
  const encodePiece = openPairs(readPairs(model, vocab, controls))
  const encodeText = (text: string, ids: number[]) => {
    for (const piece of cut(text)) for (const id of encodePiece(piece)) ids.push(id)
  }
  return (text) => {
    const ids: number[] = []
    for (const piece of splitRaw(text)) {
      const parts = typeof piece === 'number' ? [piece] : splitLate(normalize?.(piece) ?? piece)
      for (const part of parts) {
        if (typeof part === 'number') ids.push(part)
        else encodeText(part, ids)
      }
    }
    return ids
  }
}

/** The texts by id: of the vocabulary, then the added tokens, which win. */
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
  checkRows(FILE, largest, rows)
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

/** Merges by their two tokens with a space between, which the byte alphabet lacks. Both and their result must be tokens. */
function readPairs(
  { merges, ignore_merges }: Record<string, unknown>,
  vocab: Record<string, unknown>,
  controls: ReadonlySet<AddedToken>,
): PairTable {
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
  const steering = new Set([...controls].map(({ content }) => content).filter((text) => ids.delete(text)))
  return {
    ids,
    wholeFirst: ignore_merges === true,
    rank(text, from, middle, to) {
      const rank = ranks.get(`${text.slice(from, middle)} ${text.slice(middle, to)}`)
      return rank !== undefined && steering.size > 0 && steering.has(text.slice(from, to)) ? undefined : rank
    },
  }
}
