// Answers: what does a tokenizer.json say? Untrusted JSON in, checked plain data out. The file is taken literally;
// tokenizer_class and its like are not looked at, because released files name classes that would lose the spaces.
// It must not know how a text is encoded.

import { HadalError } from '../lib/error.ts'
import { isRecord } from '../lib/record.ts'
import { checkDecoder, readNormalizer, readPrefix, readPreTokenizer } from './pretokenizer.ts'

const FILE = 'tokenizer.json'
const MAX_CONTROLS = 16_384
const MAX_CONTENT = 1024

export interface AddedToken {
  readonly id: number
  readonly content: string
  readonly special: boolean // left out of decoded text
  readonly lstrip: boolean // swallows the white space before it
  readonly rstrip: boolean
  readonly normalized: boolean
}

export interface TokenizerFile {
  readonly texts: readonly (string | undefined)[] // by id, in the byte alphabet
  readonly added: readonly AddedToken[]
  /** Those of `added` that steer the model: a user's plain text never becomes one of them. */
  readonly controls: readonly AddedToken[]
  /** The token put before a text that is completed as it stands. */
  readonly prefix: string | undefined
  /** What the tokenizer library needs, without the control tokens: it cannot produce one. */
  readonly library: Readonly<Record<string, unknown>>
}

function bad(what: string): HadalError {
  return new HadalError('bad_file', `tokenizer.json: ${what}.`, {
    file: FILE,
    hint: 'Download the file again from the model’s own page.',
  })
}

/**
 * Checks and reads the parsed tokenizer.json of a byte-level BPE vocabulary.
 * @param vocab the rows of the model's embedding; a file with more tokens belongs to another model
 * @throws HadalError bad_file (malformed, or larger than `vocab`), unsupported (well-formed, another kind)
 */
export function readTokenizerFile(json: unknown, vocab: number): TokenizerFile {
  if (!isRecord(json)) throw bad('the file is not a JSON object')
  const { model } = json
  if (!isRecord(model)) throw bad('"model" is missing')
  if ((model.type ?? 'BPE') !== 'BPE' || model.continuing_subword_prefix || model.end_of_word_suffix) {
    throw new HadalError(
      'unsupported',
      `tokenizer.json holds a ${model.type} model; Hadal reads byte-level BPE.`,
      {
        file: FILE,
        hint: 'The DeepSeek, Qwen and Llama 3 families publish byte-level BPE files.',
      },
    )
  }
  if (!isRecord(model.vocab)) throw bad('"model.vocab" is missing')
  const added = readAdded(json.added_tokens)
  const texts = readVocab(model.vocab, added, vocab)
  const controls = added.filter(isControl)
  if (controls.length > MAX_CONTROLS)
    throw bad(`it has ${controls.length} control tokens, the limit is ${MAX_CONTROLS}`)
  checkDecoder(json.decoder)
  return {
    texts,
    added,
    controls,
    prefix: readPrefix(json.post_processor),
    library: {
      model: {
        type: 'BPE',
        vocab: without(model.vocab, controls),
        merges: readMerges(model.merges, new Set(Object.keys(model.vocab))),
        ignore_merges: model.ignore_merges === true,
      },
      added_tokens: added.filter((token) => !isControl(token)),
      normalizer: readNormalizer(json.normalizer),
      pre_tokenizer: readPreTokenizer(json.pre_tokenizer),
      decoder: null,
      post_processor: null,
    },
  }
}

/** Special tokens, and those that look like markup: released files mark <think> or <｜User｜> as ordinary. */
function isControl({ special, content }: AddedToken): boolean {
  return special || /^<\S.*>$/su.test(content) || /^\[[A-Z/_]+\]$/.test(content)
}

function without(vocab: Record<string, unknown>, controls: readonly AddedToken[]): Record<string, unknown> {
  const rest = { ...vocab }
  for (const { content } of controls) delete rest[content]
  return rest
}

function readAdded(list: unknown): AddedToken[] {
  if (list === undefined || list === null) return []
  if (!Array.isArray(list)) throw bad('"added_tokens" is not a list')
  const ids = new Map<string, number>()
  return list.map((entry: unknown, index) => {
    if (!isRecord(entry)) throw bad(`added token ${index} is not an object`)
    const { id, content } = entry
    if (!isId(id)) throw bad(`added token ${index} has no valid id`)
    if (typeof content !== 'string' || content === '' || content.length > MAX_CONTENT) {
      throw bad(`added token ${index} has no text, or one of more than ${MAX_CONTENT} characters`)
    }
    if ((ids.get(content) ?? id) !== id)
      throw bad(`two added tokens have the text ${JSON.stringify(content)}`)
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

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

/** The texts by id: of the vocabulary, then the added tokens, which win. */
function readVocab(
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
  if (largest >= rows) {
    throw new HadalError(
      'bad_file',
      `tokenizer.json needs ${largest + 1} token ids, but the model’s vocabulary has ${rows}.`,
      { file: FILE, hint: 'The tokenizer belongs to another model: take both from the same folder.' },
    )
  }
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

/** Merges as pairs; both parts and the result must be tokens, or encoding would lose text. */
function readMerges(list: unknown, vocab: ReadonlySet<string>): [string, string][] {
  if (!Array.isArray(list)) throw bad('"model.merges" is not a list')
  return list.map((entry: unknown, index) => {
    const pair: unknown = typeof entry === 'string' ? entry.split(' ') : entry
    const [left, right]: unknown[] = Array.isArray(pair) && pair.length === 2 ? pair : []
    if (typeof left !== 'string' || typeof right !== 'string')
      throw bad(`merge ${index} is not a pair of tokens`)
    for (const text of [left, right, left + right]) {
      if (!vocab.has(text)) {
        throw bad(`merge ${index} uses ${JSON.stringify(text.slice(0, 40))}, which is not a token`)
      }
    }
    return [left, right]
  })
}
