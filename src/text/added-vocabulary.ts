// Collects the added tokens of a folder from its files, with the ids and flags that Hugging Face's tokenizers
// and transformers give them: first those of tokenizer.json, then what tokenizer_config.json names beyond it.

import { isJsonObject } from '../lib/json.ts'
import {
  type AddedToken,
  isContent,
  isId,
  type ListedToken,
  readFlags,
  type TokenFlags,
} from './added-tokens.ts'
import { tokenContent } from './token-content.ts'

/** The named tokens of transformers; other keys that end in _token follow them. */
const NAMED = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token']

/** A token that tokenizer_config.json names and tokenizer.json lacks. */
export interface ConfigToken {
  readonly content: string
  readonly id: number
  /** The id that the config gives it, if any; transformers ignores it. */
  readonly listedId: number | undefined
}

export class AddedVocabulary {
  readonly #tokens = new Map<string, AddedToken>()
  readonly #ordinaryId: (text: string) => number
  readonly #isTaken: (id: number) => boolean
  #nextId: number

  /**
   * @param ordinaryId the id of an ordinary token, -1 if there is none
   * @param isTaken whether an ordinary token has the id
   * @param size the number of ordinary tokens
   */
  constructor(ordinaryId: (text: string) => number, isTaken: (id: number) => boolean, size: number) {
    this.#ordinaryId = ordinaryId
    this.#isTaken = isTaken
    this.#nextId = size
  }

  get tokens(): readonly AddedToken[] {
    return [...this.#tokens.values()]
  }

  /** Adds the tokens of tokenizer.json. */
  addListed(tokens: readonly ListedToken[]): void {
    for (const { id, content, ...flags } of tokens) this.#add(content, id, flags)
  }

  /**
   * Adds `added_tokens_decoder` and the special tokens of tokenizer_config.json. A token that is known keeps
   * its id, a new one gets the next: so do transformers 4 and 5, whatever id the config gives it.
   * @returns the new tokens
   */
  addFromConfig(config: Readonly<Record<string, unknown>>): ConfigToken[] {
    const added: ConfigToken[] = []
    const add = (content: string, flags: TokenFlags, listedId?: number) => {
      const known = this.#tokens.get(content)?.id ?? this.#ordinaryId(content)
      const id = known >= 0 ? known : this.#freeId()
      this.#add(content, id, flags)
      if (known < 0) added.push({ content, id, listedId })
    }
    const special = specialTokens(config)
    const specialTexts = new Set(special.map(({ content }) => content))
    for (const [id, token] of decoderTokens(config.added_tokens_decoder)) {
      const { content } = token
      if (isContent(content)) add(content, readConfigFlags(token, specialTexts.has(content)), id)
    }
    for (const { content, flags } of special) if (!this.#tokens.has(content)) add(content, flags)
    return added
  }

  /** As `add_tokens` of tokenizers: later flags win, but a token is still searched for where it was. */
  #add(content: string, id: number, flags: TokenFlags): void {
    const known = this.#tokens.get(content)
    const moves = known?.special !== true
    this.#tokens.set(content, {
      ...flags,
      id,
      content,
      special: flags.special || known?.special === true,
      raw: (moves && !flags.normalized) || known?.raw === true,
      normalized: (moves && flags.normalized) || known?.normalized === true,
    })
    this.#nextId = Math.max(this.#nextId, id + 1)
  }

  #freeId(): number {
    while (this.#isTaken(this.#nextId)) this.#nextId++
    return this.#nextId
  }
}

/** The entries of added_tokens_decoder that are tokens, by id. */
function decoderTokens(decoder: unknown): [id: number, token: Record<string, unknown>][] {
  if (!isJsonObject(decoder)) return []
  const tokens: [number, Record<string, unknown>][] = []
  for (const [key, token] of Object.entries(decoder))
    if (isId(Number(key)) && isJsonObject(token)) tokens.push([Number(key), token])
  return tokens.sort(([a], [b]) => a - b)
}

/** The flags of an entry of added_tokens_decoder; a token that is also named as special is special. */
function readConfigFlags(token: Readonly<Record<string, unknown>>, isNamed: boolean): TokenFlags {
  const flags = readFlags(token)
  return { ...flags, special: flags.special || isNamed }
}

/** The special tokens that the config names, in the order in which transformers adds them. */
function specialTokens(
  config: Readonly<Record<string, unknown>>,
): { readonly content: string; readonly flags: TokenFlags }[] {
  const others = Object.keys(config).filter((key) => key.endsWith('_token') && !NAMED.includes(key))
  const { extra_special_tokens: extra, additional_special_tokens: additional } = config
  const values = [
    ...[...NAMED, ...others].map((key) => config[key]),
    ...(isJsonObject(extra) ? Object.values(extra) : []),
    ...[extra, additional].flatMap((list): unknown[] => (Array.isArray(list) ? list : [])),
  ]
  return values.flatMap((value) => {
    const content = tokenContent(value)
    return isContent(content) ? [{ content, flags: readFlags(isJsonObject(value) ? value : {}, true) }] : []
  })
}
