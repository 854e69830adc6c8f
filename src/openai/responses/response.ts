// Builds OpenAI's response object and its items from a chat's answer.
import type { ChatCompletion, ChatCompletionFinishReason, CompletionUsage } from '../../api/types/chat.ts'
import type { ResponsesRequest } from './request.ts'
import type {
  ItemStatus,
  MessageItem,
  OutputItem,
  OutputText,
  ReasoningItem,
  ReasoningText,
  ResponseObject,
  ResponseUsage,
} from './types.ts'

/** What a response and all of its events repeat. */
export interface ResponseHead {
  readonly id: string
  readonly created: number
  readonly model: string
}

/** What changes while a response is made. */
export type ResponseState = Pick<ResponseObject, 'status' | 'output'> &
  Partial<Pick<ResponseObject, 'usage' | 'error'>>

/** An id of OpenAI's form: `msg_…`. */
export const newId = (prefix: string): string => `${prefix}_${crypto.randomUUID().replaceAll('-', '')}`

/** A response in any state. */
export function responseObject(
  { id, created, model }: ResponseHead,
  { settings, effort }: ResponsesRequest,
  { status, output, usage = null, error = null }: ResponseState,
): ResponseObject {
  return {
    id,
    object: 'response',
    created_at: created,
    status,
    model,
    output,
    usage,
    error,
    incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    ...settings,
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort, summary: null },
    store: false,
    text: { format: { type: 'text' } },
    tool_choice: 'none',
    tools: [],
    truncation: 'disabled',
  }
}

/** A whole answer as a response. */
export function wholeResponse(completion: ChatCompletion, request: ResponsesRequest): ResponseObject {
  const [choice] = completion.choices
  const status = finalStatus(choice?.finish_reason)
  const { reasoning_content: thought, content } = choice?.message ?? {}
  const output: OutputItem[] = [
    ...(thought ? [reasoningItem(newId('rs'), content ? 'completed' : status, thought)] : []),
    ...(content || !thought ? [messageItem(newId('msg'), status, content ?? '')] : []),
  ]
  const head = { id: newId('resp'), created: completion.created, model: completion.model }
  return responseObject(head, request, { status, output, usage: responseUsage(completion.usage) })
}

export const finalStatus = (
  reason: ChatCompletionFinishReason | null | undefined,
): 'completed' | 'incomplete' => (reason === 'length' ? 'incomplete' : 'completed')

export const outputText = (text: string): OutputText => ({
  type: 'output_text',
  text,
  annotations: [],
  logprobs: [],
})

export const reasoningText = (text: string): ReasoningText => ({ type: 'reasoning_text', text })

/** Without a text it has no part yet. */
export function messageItem(id: string, status: ItemStatus, text?: string): MessageItem {
  const content = text === undefined ? [] : [outputText(text)]
  return { type: 'message', id, role: 'assistant', status, content }
}

/** Without a text it has no part yet. */
export function reasoningItem(id: string, status: ItemStatus, text?: string): ReasoningItem {
  const content = text === undefined ? [] : [reasoningText(text)]
  return { type: 'reasoning', id, status, summary: [], content }
}

export function responseUsage(usage: CompletionUsage): ResponseUsage {
  return {
    input_tokens: usage.prompt_tokens,
    input_tokens_details: {
      cached_tokens: usage.prompt_tokens_details.cached_tokens,
      cache_write_tokens: 0,
    },
    output_tokens: usage.completion_tokens,
    output_tokens_details: { reasoning_tokens: usage.completion_tokens_details.reasoning_tokens },
    total_tokens: usage.total_tokens,
  }
}
