// Types of OpenAI's responses in their text form: the request, the response, and the events of a stream.

/** A text part of a message. */
export interface OutputText {
  readonly type: 'output_text'
  readonly text: string
  readonly annotations: readonly []
  readonly logprobs: readonly []
}

/** A text part of the thinking. */
export interface ReasoningText {
  readonly type: 'reasoning_text'
  readonly text: string
}

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete'

export interface MessageItem {
  readonly type: 'message'
  readonly id: string
  readonly role: 'assistant'
  readonly status: ItemStatus
  readonly content: readonly OutputText[]
}

/** The thinking part of an answer. It may be sent back with the next request. */
export interface ReasoningItem {
  readonly type: 'reasoning'
  readonly id: string
  readonly status: ItemStatus
  readonly summary: readonly []
  readonly content: readonly ReasoningText[]
}

export type OutputItem = MessageItem | ReasoningItem

export interface ResponseUsage {
  readonly input_tokens: number
  readonly input_tokens_details: { readonly cached_tokens: number; readonly cache_write_tokens: number }
  readonly output_tokens: number
  readonly output_tokens_details: { readonly reasoning_tokens: number }
  readonly total_tokens: number
}

/** What a response repeats of its request. */
export interface ResponseSettings {
  readonly instructions: string | null
  readonly max_output_tokens: number | null
  readonly temperature: number | null
  readonly top_p: number | null
  readonly metadata: Readonly<Record<string, unknown>>
}

/** A response, whole or while it is streamed. */
export interface ResponseObject extends ResponseSettings {
  readonly id: string
  readonly object: 'response'
  /** Unix seconds. */
  readonly created_at: number
  readonly status: ItemStatus | 'failed'
  readonly model: string
  readonly output: readonly OutputItem[]
  /** null while it is not known. */
  readonly usage: ResponseUsage | null
  readonly error: { readonly code: string; readonly message: string } | null
  readonly incomplete_details: { readonly reason: 'max_output_tokens' } | null
  readonly parallel_tool_calls: boolean
  readonly previous_response_id: null
  readonly reasoning: { readonly effort: string | null; readonly summary: null }
  readonly store: false
  readonly text: { readonly format: { readonly type: 'text' } }
  readonly tool_choice: 'none'
  readonly tools: readonly []
  readonly truncation: 'disabled'
}
