// Holds a conversation and streams answers into it: the state behind `useChat`.
import type {
  ChatCompletionChunk,
  ChatCompletionCreateParams,
  ChatCompletionFinishReason,
} from '../api/types/chat.ts'
import type { ChatCompletionMessageParam, ChatCompletionMessageToolCall } from '../api/types/messages.ts'
import type { Model } from '../api/types/model.ts'
import { asHadalError, HadalError } from '../lib/error.ts'
import { StreamedMessage } from '../lib/streamed-message.ts'
import { Store } from './store.ts'

/** A message with an id for lists. Thinking is in `reasoning_content`, apart from `content`. */
export interface ChatMessage extends ChatCompletionMessageParam {
  readonly id: string
}

/** `submitted`: asked, and nothing has come yet. */
export type ChatStatus = 'ready' | 'submitted' | 'streaming' | 'error'

export interface ChatState {
  /** The answer in progress is the last one. */
  readonly messages: readonly ChatMessage[]
  readonly status: ChatStatus
  /** Of the latest answer, if it failed. */
  readonly error: HadalError | undefined
  /** Why the latest answer ended; `tool_calls` waits for messages of role `tool`. */
  readonly finishReason: ChatCompletionFinishReason | undefined
}

export type ChatParams = Omit<
  ChatCompletionCreateParams,
  'messages' | 'model' | 'stream' | 'stream_options' | 'n'
>

/** Who answers, and how. */
export interface AskOptions {
  readonly model: Model | null | undefined
  readonly params: ChatParams
}

export class ChatSession {
  readonly store: Store<ChatState>
  #abort: AbortController | undefined
  #answer: Answer | undefined
  #ids = 0

  constructor(messages: readonly ChatCompletionMessageParam[]) {
    this.store = new Store<ChatState>({
      messages: this.#identified(messages),
      status: 'ready',
      error: undefined,
      finishReason: undefined,
    })
  }

  /** Adds messages and streams an answer to them. Ends the answer in progress. Resolves at the end. */
  async send(messages: readonly ChatCompletionMessageParam[], options: AskOptions): Promise<void> {
    this.stop()
    await this.#ask([...this.#messages(), ...this.#identified(messages)], options)
  }

  /** Answers the latest question again, in place of what was answered. */
  async regenerate(options: AskOptions): Promise<void> {
    this.stop()
    const messages = this.#messages()
    const asked = messages.findLastIndex(({ role }) => role !== 'assistant') + 1
    if (asked > 0) await this.#ask(messages.slice(0, asked), options)
  }

  /** Ends the answer in progress; what has come of it stays. */
  stop(): void {
    if (!this.#abort) return
    this.#abort.abort()
    this.#end({ status: 'ready' })
  }

  /** Replaces the conversation, and ends the answer in progress. */
  setMessages(messages: readonly ChatCompletionMessageParam[]): void {
    this.stop()
    const fresh = { status: 'ready', error: undefined, finishReason: undefined } as const
    this.store.set({ ...fresh, messages: this.#identified(messages) })
  }

  async #ask(messages: readonly ChatMessage[], { model, params }: AskOptions): Promise<void> {
    const abort = new AbortController()
    const { signal } = abort
    this.#abort = abort
    this.store.set({ messages, status: 'submitted', error: undefined, finishReason: undefined })
    try {
      if (!model) throw noModel()
      const asked = messages.map(({ id, ...message }) => message)
      const request = { ...params, messages: asked, stream: true } as const
      const stream = await model.chat.completions.create(request, { signal })
      const answer = new Answer(String(this.#ids++))
      for await (const chunk of stream) {
        if (signal.aborted) return
        answer.addChunk(chunk)
        this.#answer = answer
        this.store.setSoon({
          ...this.store.snapshot(),
          messages: [...messages, answer.identified()],
          status: 'streaming',
        })
      }
      if (!signal.aborted) this.#end({ status: 'ready', finishReason: answer.finishReason })
    } catch (error) {
      if (!signal.aborted) this.#end({ status: 'error', error: asHadalError(error) })
    }
  }

  #end(state: Partial<ChatState>): void {
    const messages = this.#messages()
    this.#abort = undefined
    this.#answer = undefined
    this.store.set({ ...this.store.snapshot(), messages, ...state })
  }

  /** With what has come of the answer, which the store may not have yet. */
  #messages(): readonly ChatMessage[] {
    const { messages } = this.store.snapshot()
    const answer = this.#answer
    if (!answer) return messages
    const asked = messages.filter(({ id }) => id !== answer.id)
    return answer.isEmpty ? asked : [...asked, answer.identified()]
  }

  #identified(messages: readonly ChatCompletionMessageParam[]): readonly ChatMessage[] {
    return messages.map((message) => ({ ...message, id: String(this.#ids++) }))
  }
}

const noModel = (): HadalError =>
  new HadalError('bad_request', 'There is no model to answer yet.', { hint: 'Wait until it is ready.' })

/** An answer as it grows. */
class Answer extends StreamedMessage<ChatCompletionMessageToolCall> {
  readonly id: string
  finishReason: ChatCompletionFinishReason | undefined

  constructor(id: string) {
    super()
    this.id = id
  }

  addChunk({ choices: [choice] }: ChatCompletionChunk): void {
    if (!choice) return
    this.add(choice.delta)
    this.finishReason = choice.finish_reason ?? this.finishReason
  }

  identified(): ChatMessage {
    return { id: this.id, ...this.message() }
  }
}
