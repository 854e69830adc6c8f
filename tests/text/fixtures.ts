// Tokenizers, goldens and vectors for the text tests.
import { readdirSync, readFileSync } from 'node:fs'
import { bytesOfToken } from '../../src/text/byte-level.ts'
import { openTokenizer, type TextTokenizer } from '../../src/text/tokenizer.ts'

const folder = new URL('../fixtures/text/', import.meta.url)
const modelsFolder = new URL('../fixtures/models/', import.meta.url)
const demo = new URL('../../public/models/lanternfish/', import.meta.url)

export interface Message {
  readonly role: string
  readonly content: string | null
  readonly tool_calls?: readonly unknown[]
}

/** Goldens of the original tokenizer and template renderer; ids are without automatic BOS. */
export interface TextGolden {
  readonly encode: readonly { text: string; ids: number[]; decoded: string; decoded_skip_special: string }[]
  readonly chat: readonly {
    messages: readonly Message[]
    add_generation_prompt: boolean
    rendered: string
    ids: number[]
  }[]
}

export interface TextFixture {
  readonly models: readonly string[]
  readonly vocab: number
  readonly tokenizer: Record<string, unknown>
  readonly config: Record<string, unknown>
  readonly golden: TextGolden
  readonly prompts: readonly { user_message: string; prompt_text: string; prompt_ids: number[] }[]
}

export interface DemoGolden {
  readonly items: readonly {
    messages: readonly Message[]
    enable_thinking: boolean
    text: string
    ids: number[]
    completion_ids: number[]
    completion_text: string
  }[]
}

const readJson = (name: string, base: URL) => JSON.parse(readFileSync(new URL(name, base), 'utf8'))

export const vectors: {
  encode: { text: string; ids: Record<string, number[]> }[]
  decode: Record<string, { ids: number[]; text: string; skipped: string }>[]
} = readJson('vectors.json', folder)

/** The tokenizer files and goldens of every whole model among the fixtures. */
export const models = readdirSync(modelsFolder).map((name) => {
  const base = new URL(`${name}/`, modelsFolder)
  const golden: { tokenizer: TextGolden } = readJson('golden.json', base)
  return {
    name,
    vocab: Number(readJson('config.json', base).vocab_size),
    tokenizer: readJson('tokenizer.json', base),
    config: readJson('tokenizer_config.json', base),
    golden: golden.tokenizer,
  }
})

/** Texts and the pieces that pre-tokenizers of tokenizer.json files split them into. */
export const cuts: {
  texts: string[]
  cuts: { name: string; pre_tokenizer: Record<string, unknown>; pieces: string[][] }[]
} = readJson('cuts.json', folder)

/** The ids that Moonshot's code gives texts with the ranks of `demoTokens`. */
export const rankVectors: { text: string; ids: number[] }[] = readJson('ranks.json', folder)

/** DeepSeek V3's tokenizer.json, reduced to what these texts need, and their published ids. */
export const published: { tokenizer: Record<string, unknown>; encode: { text: string; ids: number[] }[] } =
  readJson('published.json', folder)

/** One fixture for each different tokenizer. */
export const fixtures: TextFixture[] = readdirSync(folder)
  .filter((name) => name.endsWith('-tiny.json') || name.endsWith('-awkward.json'))
  .map((name) => readJson(name, folder))

export function fixture(name: string): TextFixture {
  const found = fixtures.find(({ models }) => models.includes(name))
  if (found === undefined) throw new Error(`no text fixture ${name}`)
  return found
}

export const open = ({ tokenizer, config, vocab }: TextFixture) => openTokenizer(tokenizer, config, { vocab })

export const demoConfig: Record<string, unknown> = readJson('tokenizer_config.json', demo)
export const demoGolden: DemoGolden = readJson('golden.json', demo)
export const demoFile = () => readJson('tokenizer.json', demo)
export const openDemo = () => openTokenizer(demoFile(), demoConfig, { vocab: 1536 })

/** The demo model's ordinary tokens in the byte alphabet, by rank. */
export function demoTokens(): string[] {
  const { model, added_tokens } = demoFile()
  const controls = new Set(added_tokens.map(({ content }: { content: string }) => content))
  return Object.entries<number>(model.vocab)
    .filter(([text]) => !controls.has(text))
    .sort(([, a], [, b]) => a - b)
    .map(([text]) => text)
}

/** A tiktoken.model of these tokens, which are given by rank. */
export const ranksOf = (tokens: readonly string[]): string =>
  tokens.map((token, rank) => `${Buffer.from(bytesOfToken(token)).toString('base64')} ${rank}\n`).join('')

/** The named tokenizer, the demo model's included. */
export function openNamed(name: string): TextTokenizer {
  return name === 'lanternfish' ? openDemo() : open(fixture(name))
}

/** A seeded stream of random numbers in [0, 1). */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return ((state ^ (state >>> 15)) >>> 0) / 2 ** 32
  }
}
