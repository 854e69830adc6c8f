// Turns a chat's chunks into the parts of an AI SDK stream: blocks of thinking and text, calls, the end.
import type { LanguageModelV4StreamPart, SharedV4Warning } from '@ai-sdk/provider'
import type {
  ChatCompletionChunk,
  ChatCompletionFinishReason,
  ChatCompletionStream,
  CompletionUsage,
  HadalTimings,
} from '../api/types/chat.ts'
import type { ChatCompletionMessageToolCall } from '../api/types/messages.ts'
import { isAborted } from '../lib/error.ts'
import { finishReason, metadataOf, responseMetadata, toolCall, usageOf } from './result.ts'

type Part = LanguageModelV4StreamPart
type Block = 'reasoning' | 'text'

export interface StreamOptions {
  readonly warnings: SharedV4Warning[]
  readonly includeRawChunks: boolean
}

/**
 * The parts of a streamed answer. Cancelling the stream ends the generation. A failure is a part of type
 * `error`, but a cancelled request fails the stream, as the AI SDK expects.
 */
export function partStream(chunks: ChatCompletionStream, options: StreamOptions): ReadableStream<Part> {
  const state = new PartState(options)
  return new ReadableStream<Part>(
    {
      start(controller) {
        controller.enqueue({ type: 'stream-start', warnings: options.warnings })
      },
      async pull(controller) {
        // At least one part: a pull that enqueues nothing would not be repeated.
        for (let parts: readonly Part[] = []; parts.length === 0; ) {
          const next = await read(chunks)
          parts = next.done ? state.finish(next.failure) : state.parts(next.chunk)
          for (const part of parts) controller.enqueue(part)
          if (next.done) controller.close()
        }
      },
      async cancel() {
        await chunks.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}

interface Failure {
  readonly error: unknown
}

type Read =
  | { readonly done: false; readonly chunk: ChatCompletionChunk }
  | { readonly done: true; readonly failure?: Failure }

async function read(chunks: ChatCompletionStream): Promise<Read> {
  try {
    const { done, value } = await chunks.next()
    return done ? { done } : { done: false, chunk: value }
  } catch (error) {
    if (isAborted(error)) throw error
    return { done: true, failure: { error } }
  }
}

/** What is open, and what the end needs to know. */
class PartState {
  readonly #includeRawChunks: boolean
  #isFirst = true
  #open: { readonly block: Block; readonly id: string } | undefined
  #blocks = 0
  #reason: ChatCompletionFinishReason | null = null
  #usage: CompletionUsage | undefined
  #timings: HadalTimings | undefined

  constructor({ includeRawChunks }: StreamOptions) {
    this.#includeRawChunks = includeRawChunks
  }

  parts(chunk: ChatCompletionChunk): Part[] {
    const { choices, usage, hadal } = chunk
    const [choice] = choices
    if (usage) this.#usage = usage
    if (choice?.finish_reason) this.#reason = choice.finish_reason
    if (hadal && 'prefill_ms' in hadal) this.#timings = hadal
    const { reasoning_content: reasoning, content, tool_calls: calls = [] } = choice?.delta ?? {}
    return [
      ...(this.#includeRawChunks ? [{ type: 'raw', rawValue: chunk } as const] : []),
      ...this.#metadata(chunk),
      ...this.#grow('reasoning', reasoning),
      ...this.#grow('text', content),
      ...(calls.length > 0 ? this.#close() : []),
      ...calls.flatMap(callParts),
    ]
  }

  finish(failure: Failure | undefined): Part[] {
    return [
      ...this.#close(),
      ...(failure ? [{ type: 'error', error: failure.error } as const] : []),
      {
        type: 'finish',
        finishReason: failure ? { unified: 'error', raw: undefined } : finishReason(this.#reason),
        usage: usageOf(this.#usage),
        providerMetadata: metadataOf(this.#timings),
      },
    ]
  }

  #metadata(chunk: ChatCompletionChunk): Part[] {
    if (!this.#isFirst) return []
    this.#isFirst = false
    return [{ type: 'response-metadata', ...responseMetadata(chunk) }]
  }

  #grow(block: Block, delta: string | undefined): Part[] {
    if (!delta) return []
    const before = this.#open?.block === block ? [] : this.#close()
    const opened = this.#open ?? { block, id: String(this.#blocks++) }
    if (this.#open !== opened) before.push({ type: `${block}-start`, id: opened.id })
    this.#open = opened
    return [...before, { type: `${block}-delta`, id: opened.id, delta }]
  }

  #close(): Part[] {
    if (!this.#open) return []
    const { block, id } = this.#open
    this.#open = undefined
    return [{ type: `${block}-end`, id }]
  }
}

/** A call arrives whole; its input is announced all the same, for pages that show it. */
function callParts(call: ChatCompletionMessageToolCall): Part[] {
  const {
    id,
    function: { name, arguments: input },
  } = call
  return [
    { type: 'tool-input-start', id, toolName: name },
    { type: 'tool-input-delta', id, delta: input },
    { type: 'tool-input-end', id },
    toolCall(call),
  ]
}
