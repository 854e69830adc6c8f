// Turns a server's chat completions, whole or in chunks, into ours.
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionDelta,
  ChatCompletionFinishReason,
  ChatCompletionMessage,
} from '../api/openai-types.ts'
import type { Fields } from '../lib/fields.ts'
import {
  answerFields,
  optionalText,
  readFinishReason,
  readHeader,
  readLogprobs,
  readUsage,
} from './answer.ts'
import { CallCollector, readToolCalls } from './tool-calls.ts'

type ChatChoice = ChatCompletion['choices'][number]
type ChunkChoice = ChatCompletionChunk['choices'][number]

const MAX_CHOICES = 1024

export interface AnswerContext {
  /** The name that the model was opened under. */
  readonly model: string
  /** The text that the answer goes on from, if the server repeats it in its answer. */
  readonly repeatedPrefix: string
}

/** A whole completion. @throws HadalError `network` if it is not one */
export function readChatCompletion(json: unknown, context: AnswerContext): ChatCompletion {
  const fields = answerFields(json)
  return {
    ...readHeader(fields, context.model),
    object: 'chat.completion',
    choices: fields
      .objects('choices', MAX_CHOICES)
      .map((choice, index) => readChoice(choice, index, context)),
    usage: readUsage(fields.object('usage')),
  }
}

function readChoice(choice: Fields, place: number, { repeatedPrefix }: AnswerContext): ChatChoice {
  const message = readMessage(choice.requiredObject('message'), repeatedPrefix)
  return {
    index: choice.count('index', 0, MAX_CHOICES, place),
    message,
    finish_reason: reasonWithCalls(readFinishReason(choice) ?? 'stop', message.tool_calls !== undefined),
    logprobs: readLogprobs(choice),
  }
}

function readMessage(message: Fields, repeatedPrefix: string): ChatCompletionMessage {
  const calls = message.has('tool_calls') ? readToolCalls(message.objects('tool_calls', MAX_CHOICES)) : []
  const all = optionalText(message, 'content') || optionalText(message, 'refusal') || ''
  const text = all.startsWith(repeatedPrefix) ? all.slice(repeatedPrefix.length) : all
  return {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    reasoning_content: readReasoning(message) || null,
    ...(calls.length > 0 && { tool_calls: calls }),
    refusal: null,
  }
}

/** The thinking part: vLLM calls it `reasoning`, the others `reasoning_content`. */
const readReasoning = (fields: Fields): string | undefined =>
  optionalText(fields, 'reasoning_content') ?? optionalText(fields, 'reasoning')

/** vLLM ends a call that was asked for by name with `stop`. */
function reasonWithCalls(reason: ChatCompletionFinishReason, hasCalls: boolean): ChatCompletionFinishReason {
  if (reason === 'length') return reason
  return hasCalls ? 'tool_calls' : 'stop'
}

/** Reads the chunks of one stream. Calls are given whole, as those of a local model are. */
export class ChunkReader {
  readonly #model: string
  readonly #calls = new Map<number, CallCollector>()
  readonly #finished = new Map<number, boolean>()

  constructor(model: string) {
    this.#model = model
  }

  /** Whether at least one choice has begun, and all that have begun have ended. */
  get complete(): boolean {
    return this.#finished.size > 0 && [...this.#finished.values()].every(Boolean)
  }

  /** @throws HadalError `network` if it is not a chunk */
  read(json: unknown): ChatCompletionChunk {
    const fields = answerFields(json)
    return {
      ...readHeader(fields, this.#model),
      object: 'chat.completion.chunk',
      choices: fields.has('choices')
        ? fields.objects('choices', MAX_CHOICES).map((choice) => this.#readChoice(choice))
        : [],
      ...(fields.has('usage') && { usage: readUsage(fields.object('usage')) }),
    }
  }

  #readChoice(choice: Fields): ChunkChoice {
    const index = choice.count('index', 0, MAX_CHOICES, 0)
    const calls = this.#calls.get(index) ?? new CallCollector()
    this.#calls.set(index, calls)
    const delta = choice.object('delta')
    const reason = readFinishReason(choice)
    this.#finished.set(index, reason !== null || this.#finished.get(index) === true)
    const whole = delta?.has('tool_calls') ? calls.add(delta.objects('tool_calls', MAX_CHOICES)) : []
    if (reason) whole.push(...calls.rest())
    return {
      index,
      delta: { ...(delta && readDelta(delta)), ...(whole.length > 0 && { tool_calls: whole }) },
      finish_reason: reason && reasonWithCalls(reason, calls.any),
      logprobs: readLogprobs(choice),
    }
  }
}

function readDelta(delta: Fields): ChatCompletionDelta {
  const reasoning = readReasoning(delta)
  const content = optionalText(delta, 'content') ?? optionalText(delta, 'refusal')
  return {
    ...(delta.has('role') && { role: 'assistant' as const }),
    ...(content !== undefined && { content }),
    ...(reasoning && { reasoning_content: reasoning }),
  }
}
