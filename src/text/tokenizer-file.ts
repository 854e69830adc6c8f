// Reads a tokenizer.json: untrusted JSON in, a checked vocabulary out. The file is taken literally;
// tokenizer_class and the like are ignored, because released files name classes that would lose the spaces.

import { HadalError } from '../lib/error.ts'
import { isJsonObject } from '../lib/json.ts'
import { listNames, type Notices } from '../lib/notices.ts'
import { controlTokens, isId, readAdded } from './added-tokens.ts'
import { AddedVocabulary, type ConfigToken } from './added-vocabulary.ts'
import { openBpe } from './bpe.ts'
import { readMerges } from './merges.ts'
import { checkDecoder, readNormalizer, readPrefix, readPreTokenizer } from './pretokenizer.ts'
import { openPreTokenizer } from './split.ts'
import { TokenTable } from './token-table.ts'
import {
  badFileErrors,
  checkEmbeddingRows,
  noteTokensBeyond,
  type Vocabulary,
  type VocabularyContext,
} from './vocabulary.ts'

const FILE = 'tokenizer.json'
const bad = badFileErrors(FILE)

/**
 * Checks and reads the parsed tokenizer.json of a byte-level BPE vocabulary.
 * @throws HadalError bad_file (malformed, or of a model with fewer tokens), unsupported (well-formed, another
 * kind)
 */
export function readTokenizerFile(json: unknown, context: VocabularyContext): Vocabulary {
  if (!isJsonObject(json)) throw bad('the file is not a JSON object')
  const { model } = json
  if (!isJsonObject(model)) throw bad('"model" is missing')
  checkModel(model)
  if (!isJsonObject(model.vocab)) throw bad('"model.vocab" is missing')
  const listed = readAdded(json.added_tokens, bad)
  const ordinary = readOrdinary(model.vocab)
  if (ordinary.largestId < 0 && listed.length === 0) throw bad('the vocabulary is empty')
  const { table, textOf } = ordinary
  for (const { id, content } of listed) checkClaim(content, textOf(id), id)
  const vocabulary = new AddedVocabulary(
    (text) => table.find(text),
    (id) => textOf(id) !== undefined,
    ordinary.size,
  )
  vocabulary.addListed(listed)
  noteConfigTokens(vocabulary.addFromConfig(context.config), context.notices)
  const added = vocabulary.tokens
  const textById = new Map<number, string>()
  for (const { id, content } of added) {
    checkClaim(content, textById.get(id), id)
    textById.set(id, content)
  }
  const controls = controlTokens(added, bad)
  const controlIds = new Set(controls.map(({ id }) => id))
  const { merges, largestId } = readMerges(model, { table, controlIds }, bad)
  if (largestId >= context.rows)
    checkEmbeddingRows(FILE, Math.max(largestId, ordinary.largestId), context.rows)
  noteTokensBeyond([...ordinary.beyond(context.rows), ...added], context)
  checkDecoder(json.decoder)
  const split = openPreTokenizer(readPreTokenizer(json.pre_tokenizer))
  const encodePiece = openBpe(merges)
  return {
    textOf,
    idOf: (text) => table.find(text),
    added,
    controls,
    prefix: readPrefix(json.post_processor),
    normalize: readNormalizer(json.normalizer),
    encodeText(text, ids) {
      for (const piece of split(text)) for (const id of encodePiece(piece)) ids.push(id)
    },
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

/** The ordinary tokens, in the byte alphabet. */
interface OrdinaryTokens {
  readonly table: TokenTable
  readonly size: number
  readonly largestId: number // -1 if there is none
  readonly textOf: (id: number) => string | undefined
  /** Those without a row of the embedding. */
  readonly beyond: (rows: number) => { readonly id: number; readonly content: string }[]
}

function readOrdinary(vocab: Readonly<Record<string, unknown>>): OrdinaryTokens {
  // Not Object.entries, which takes as long as parsing the whole file.
  const texts = Object.keys(vocab)
  const ids = new Int32Array(texts.length)
  let largestId = -1
  for (let at = 0; at < texts.length; at++) {
    const text = texts[at] ?? ''
    const id = vocab[text]
    if (!isId(id)) throw bad(`the token ${JSON.stringify(text.slice(0, 40))} has no valid id`)
    ids[at] = id
    if (id > largestId) largestId = id
  }
  const byId = textsById(texts, ids, largestId)
  return {
    table: new TokenTable(texts, ids),
    size: texts.length,
    largestId,
    textOf: (id) => byId.get(id),
    beyond(rows) {
      if (largestId < rows) return []
      return texts.map((content, at) => ({ content, id: ids[at] ?? 0 })).filter(({ id }) => id >= rows)
    },
  }
}

/** The texts by id: in an array, unless the ids have gaps that would make it much too large. */
function textsById(
  texts: readonly string[],
  ids: Int32Array,
  largestId: number,
): { get(id: number): string | undefined } {
  const dense = largestId < 2 * ids.length + 1024
  const array: (string | undefined)[] = dense ? new Array(largestId + 1).fill(undefined) : []
  const map = new Map<number, string>()
  const byId = dense ? { get: (id: number) => array[id] } : map
  for (let at = 0; at < ids.length; at++) {
    const id = ids[at] ?? 0
    const text = texts[at] ?? ''
    checkClaim(text, byId.get(id), id)
    if (dense) array[id] = text
    else map.set(id, text)
  }
  return byId
}

function checkClaim(text: string, other: string | undefined, id: number): void {
  if (other === undefined || other === text) return
  throw bad(`the tokens ${JSON.stringify(other)} and ${JSON.stringify(text)} share the id ${id}`)
}

function noteConfigTokens(tokens: readonly ConfigToken[], notices: Notices): void {
  if (tokens.length === 0) return
  const names = listNames(tokens.map(({ content }) => content))
  notices.add(`tokenizer_config.json names tokens that tokenizer.json lacks: ${names}. They were added.`)
  const moved = tokens.find(({ id, listedId }) => listedId !== undefined && listedId !== id)
  if (moved === undefined) return
  notices.add(
    `tokenizer_config.json gives ${JSON.stringify(moved.content)} the id ${moved.listedId}; ` +
      `it gets the next free one, ${moved.id}, as in transformers.`,
  )
}
