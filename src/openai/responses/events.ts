// Turns a chat's chunks into the events of a streamed response: items and parts open, grow and close.
import type { ChatCompletionChunk, ChatCompletionFinishReason } from '../../api/types/chat.ts'
import { openAIError } from '../errors.ts'
import { type EventWriter, serverSentEvent } from '../sse.ts'
import type { ResponsesRequest } from './request.ts'
import {
  finalStatus,
  messageItem,
  newId,
  outputText,
  type ResponseHead,
  type ResponseState,
  reasoningItem,
  reasoningText,
  responseObject,
  responseUsage,
} from './response.ts'
import type { OutputItem, ResponseUsage } from './types.ts'

/** The two kinds of items: how they are made, and the name of their text's events. */
const KINDS = {
  reasoning: { prefix: 'rs', event: 'response.reasoning_text', item: reasoningItem, part: reasoningText },
  message: { prefix: 'msg', event: 'response.output_text', item: messageItem, part: outputText },
} as const

type Kind = keyof typeof KINDS
type Fields = Readonly<Record<string, unknown>>

/** Writes one response's events. */
export class ResponseEvents implements EventWriter<ChatCompletionChunk> {
  readonly #request: ResponsesRequest
  readonly #head: ResponseHead
  readonly #output: OutputItem[] = []
  #sequence = 0
  #open: { readonly kind: Kind; readonly id: string; text: string } | undefined
  #finishReason: ChatCompletionFinishReason | null = null
  #usage: ResponseUsage | null = null

  constructor(request: ResponsesRequest, model: string) {
    this.#request = request
    this.#head = { id: newId('resp'), created: Math.floor(Date.now() / 1000), model }
  }

  value({ choices, usage }: ChatCompletionChunk): string {
    const [choice] = choices
    this.#finishReason = choice?.finish_reason ?? this.#finishReason
    if (usage) this.#usage = responseUsage(usage)
    return [
      this.#begin(),
      this.#grow('reasoning', choice?.delta.reasoning_content),
      this.#grow('message', choice?.delta.content),
    ].join('')
  }

  end(): string {
    const status = finalStatus(this.#finishReason)
    const begun = this.#begin()
    const opened = this.#output.length === 0 && !this.#open ? this.#openItem('message') : ''
    return begun + opened + this.#closeItem(status) + this.#whole(`response.${status}`, { status })
  }

  error(thrown: unknown): string {
    const { type: kind, ...error } = openAIError(thrown)
    // OpenAI's form has the fields at the top; older clients look for an object named `error`.
    return this.#event('error', { ...error, error: { ...error, type: kind } })
  }

  #begin(): string {
    if (this.#sequence > 0) return ''
    const state = { status: 'in_progress' } as const
    return this.#whole('response.created', state) + this.#whole('response.in_progress', state)
  }

  #grow(kind: Kind, delta: string | undefined): string {
    if (!delta) return ''
    const before = this.#open?.kind === kind ? '' : this.#closeItem('completed') + this.#openItem(kind)
    if (this.#open) this.#open.text += delta
    return before + this.#event(`${KINDS[kind].event}.delta`, { ...this.#place(), delta, ...logprobs(kind) })
  }

  #openItem(kind: Kind): string {
    const { prefix, item, part } = KINDS[kind]
    const id = newId(prefix)
    this.#open = { kind, id, text: '' }
    const output_index = this.#output.length
    return (
      this.#event('response.output_item.added', { output_index, item: item(id, 'in_progress') }) +
      this.#event('response.content_part.added', { ...this.#place(), part: part('') })
    )
  }

  #closeItem(status: 'completed' | 'incomplete'): string {
    if (!this.#open) return ''
    const { kind, id, text } = this.#open
    const { event, item, part } = KINDS[kind]
    const place = this.#place()
    const whole = item(id, status, text)
    const closed =
      this.#event(`${event}.done`, { ...place, text, ...logprobs(kind) }) +
      this.#event('response.content_part.done', { ...place, part: part(text) }) +
      this.#event('response.output_item.done', { output_index: place.output_index, item: whole })
    this.#output.push(whole)
    this.#open = undefined
    return closed
  }

  /** Where the text grows that is open. */
  #place() {
    return { item_id: this.#open?.id, output_index: this.#output.length, content_index: 0 }
  }

  #whole(type: string, state: Pick<ResponseState, 'status'>): string {
    const whole = { ...state, output: [...this.#output], usage: this.#usage }
    return this.#event(type, { response: responseObject(this.#head, this.#request, whole) })
  }

  #event(type: string, fields: Fields): string {
    return serverSentEvent({ type, sequence_number: this.#sequence++, ...fields }, type)
  }
}

const logprobs = (kind: Kind) => (kind === 'message' ? { logprobs: [] } : {})
