// Turns a server's text completions, whole or in chunks, into ours.
import type {
  Completion,
  CompletionChoice,
  CompletionChunk,
  CompletionLogprobs,
} from '../api/openai-types.ts'
import type { Fields } from '../lib/fields.ts'
import {
  answerFields,
  numbers,
  optionalText,
  readFinishReason,
  readHeader,
  readTokens,
  readUsage,
} from './answer.ts'

const MAX_CHOICES = 2 ** 16

/** A whole completion. @throws HadalError `network` if it is not one */
export function readCompletion(json: unknown, model: string): Completion {
  const fields = answerFields(json)
  return {
    ...readHeader(fields, model),
    object: 'text_completion',
    choices: fields.objects('choices', MAX_CHOICES).map((choice, place) => {
      const { finish_reason, ...read } = readChoice(choice, place, 0)
      return { ...read, finish_reason: finish_reason ?? 'stop' }
    }),
    usage: readUsage(fields.object('usage')),
  }
}

type ChunkChoice = CompletionChunk['choices'][number]

/** Reads the chunks of one stream. */
export class CompletionChunkReader {
  readonly #model: string
  /** For each choice, the length of its text so far. */
  readonly #lengths = new Map<number, number>()
  readonly #finished = new Set<number>()

  constructor(model: string) {
    this.#model = model
  }

  /** Whether at least one choice has begun, and all that have begun have ended. */
  get complete(): boolean {
    return this.#lengths.size > 0 && this.#finished.size === this.#lengths.size
  }

  /** @throws HadalError `network` if it is not a chunk */
  read(json: unknown): CompletionChunk {
    const fields = answerFields(json)
    return {
      ...readHeader(fields, this.#model),
      object: 'text_completion',
      choices: fields.has('choices')
        ? fields.objects('choices', MAX_CHOICES).map((choice) => this.#readChoice(choice))
        : [],
      ...(fields.has('usage') && { usage: readUsage(fields.object('usage')) }),
    }
  }

  #readChoice(choice: Fields): ChunkChoice {
    const index = choice.count('index', 0, MAX_CHOICES, 0)
    const start = this.#lengths.get(index) ?? 0
    const read = readChoice(choice, index, start)
    this.#lengths.set(index, start + read.text.length)
    if (read.finish_reason) this.#finished.add(index)
    return read
  }
}

function readChoice(choice: Fields, place: number, start: number): ChunkChoice {
  const reason = readFinishReason(choice)
  return {
    index: choice.count('index', 0, MAX_CHOICES, place),
    text: optionalText(choice, 'text') ?? '',
    finish_reason:
      reason && (reason === 'length' ? 'length' : ('stop' satisfies CompletionChoice['finish_reason'])),
    logprobs: readCompletionLogprobs(choice.object('logprobs'), start),
  }
}

/** @param start length of the choice's text before this piece */
function readCompletionLogprobs(logprobs: Fields | undefined, start: number): CompletionLogprobs | null {
  if (!logprobs) return null
  return logprobs.has('content') ? fromChatForm(logprobs, start) : readLists(logprobs, start)
}

/** llama-server writes those of texts as chats have them. */
function fromChatForm(logprobs: Fields, start: number): CompletionLogprobs {
  const list = readTokens(logprobs)
  const tokens = list.map(({ token }) => token)
  return {
    tokens,
    token_logprobs: list.map(({ logprob }) => logprob),
    top_logprobs: list.map(({ top_logprobs: top }) =>
      Object.fromEntries(top.map(({ token, logprob }) => [token, logprob])),
    ),
    text_offset: offsets(tokens, start),
  }
}

function readLists(logprobs: Fields, start: number): CompletionLogprobs {
  const tokens = logprobs.list('tokens').map(String)
  return {
    tokens,
    // An echoed prompt has nothing before its first token.
    token_logprobs: logprobs.list('token_logprobs').map((value) => (typeof value === 'number' ? value : 0)),
    top_logprobs: logprobs.has('top_logprobs') ? topOf(logprobs) : tokens.map(() => ({})),
    text_offset: logprobs.has('text_offset') ? numbers(logprobs, 'text_offset') : offsets(tokens, start),
  }
}

const topOf = (logprobs: Fields): Record<string, number>[] =>
  logprobs.list('top_logprobs').map((entry) => {
    const pairs = Object.entries(entry ?? {})
    return Object.fromEntries(pairs.filter((pair): pair is [string, number] => typeof pair[1] === 'number'))
  })

function offsets(tokens: readonly string[], start: number): number[] {
  let offset = start
  return tokens.map((token) => {
    const at = offset
    offset += token.length
    return at
  })
}
