// Translates a text or a conversation into what its prompt follows from.
import { definedFields } from '../lib/check.ts'
import type { PromptRequest } from '../worker/protocol.ts'
import type { ChatCompletionCreateParams } from './openai-types.ts'
import { checkRequest } from './request.ts'

/** The prompt of a text, or of a conversation. Throws `bad_request`, naming the field. */
export function promptRequest(
  input: string | Pick<ChatCompletionCreateParams, 'messages' | 'tools'>,
): PromptRequest {
  if (typeof input === 'string') return { input: { prompt: input } }
  const [{ input: prompt, thinking, tools, toolChoice, continueFinal }] = checkRequest(input).requests
  const options = { thinking, tools, toolChoice, continueFinal }
  return { input: prompt, ...definedFields<Omit<PromptRequest, 'input'>>(options) }
}
