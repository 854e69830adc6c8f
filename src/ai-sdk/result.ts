// Translates answers into the AI SDK's content, usage, finish reasons and metadata.
import type {
  JSONObject,
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4ToolCall,
  LanguageModelV4Usage,
  SharedV4ProviderMetadata,
} from '@ai-sdk/provider'
import type {
  ChatCompletion,
  ChatCompletionFinishReason,
  CompletionUsage,
  HadalTimings,
} from '../api/types/chat.ts'
import type { ChatCompletionMessageToolCall } from '../api/types/messages.ts'

/** The parts of an answer: thinking, text, calls. */
export function contentOf({ choices }: ChatCompletion): LanguageModelV4Content[] {
  const { reasoning_content: reasoning, content, tool_calls: calls = [] } = choices[0]?.message ?? {}
  return [
    ...(reasoning ? [{ type: 'reasoning', text: reasoning } as const] : []),
    ...(content ? [{ type: 'text', text: content } as const] : []),
    ...calls.map(toolCall),
  ]
}

export function toolCall({ id, function: { name, arguments: input } }: ChatCompletionMessageToolCall) {
  return {
    type: 'tool-call',
    toolCallId: id,
    toolName: name,
    input,
  } as const satisfies LanguageModelV4ToolCall
}

const FINISH_REASONS = { stop: 'stop', length: 'length', tool_calls: 'tool-calls' } as const

/** An answer without a reason broke off. */
export function finishReason(
  reason: ChatCompletionFinishReason | null | undefined,
): LanguageModelV4FinishReason {
  return { unified: reason ? FINISH_REASONS[reason] : 'interrupted', raw: reason ?? undefined }
}

/** @param usage missing if the answer failed */
export function usageOf(usage: CompletionUsage | undefined): LanguageModelV4Usage {
  const [prompt, completion] = [usage?.prompt_tokens, usage?.completion_tokens]
  const cached = usage?.prompt_tokens_details.cached_tokens
  const reasoning = usage?.completion_tokens_details.reasoning_tokens
  return {
    inputTokens: {
      total: prompt,
      noCache: difference(prompt, cached),
      cacheRead: cached,
      cacheWrite: undefined,
    },
    outputTokens: { total: completion, text: difference(completion, reasoning), reasoning },
    ...(usage && { raw: { ...usage } }),
  }
}

const difference = (all: number | undefined, part: number | undefined): number | undefined =>
  all === undefined || part === undefined ? undefined : all - part

/** Times and counts of the answer, under `hadal`; its token ids are left out. */
export function metadataOf(
  timings: (HadalTimings & { readonly token_ids?: readonly number[] }) | undefined,
): SharedV4ProviderMetadata {
  if (timings === undefined) return {}
  const { kv_cache, token_ids, ...numbers } = timings
  return { hadal: { ...numbers, kv_cache: { ...kv_cache } } satisfies JSONObject }
}

/** Who answered, and when. */
export const responseMetadata = ({
  id,
  created,
  model,
}: Pick<ChatCompletion, 'id' | 'created' | 'model'>) => ({
  id,
  modelId: model,
  timestamp: new Date(1000 * created),
})
