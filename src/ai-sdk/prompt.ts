// Translates a prompt of the AI SDK into the messages of a chat.
import type {
  LanguageModelV4Message,
  LanguageModelV4ToolResultOutput,
  LanguageModelV4ToolResultPart,
  SharedV4Warning,
} from '@ai-sdk/provider'
import type { ChatCompletionMessageParam, ChatCompletionMessageToolCall } from '../api/types/messages.ts'
import { HadalError } from '../lib/error.ts'

type AssistantPart = Extract<LanguageModelV4Message, { role: 'assistant' }>['content'][number]
type ToolPart = Extract<LanguageModelV4Message, { role: 'tool' }>['content'][number]
type UserPart = Extract<LanguageModelV4Message, { role: 'user' }>['content'][number]
type Output<Type> = Extract<LanguageModelV4ToolResultOutput, { type: Type }>

/**
 * The messages of a prompt. What is left out is added to the warnings.
 * @throws HadalError `unsupported` for files other than plain texts
 */
export function messagesOf(
  prompt: readonly LanguageModelV4Message[],
  warnings: SharedV4Warning[],
): ChatCompletionMessageParam[] {
  return prompt.flatMap((message) => chatMessages(message, warnings))
}

function chatMessages(
  message: LanguageModelV4Message,
  warnings: SharedV4Warning[],
): ChatCompletionMessageParam[] {
  switch (message.role) {
    case 'system':
      return [{ role: 'system', content: message.content }]
    case 'user':
      return [{ role: 'user', content: message.content.map(userText).join('') }]
    case 'assistant':
      return [assistantMessage(message.content, warnings)]
    case 'tool':
      return message.content.flatMap(toolMessages)
  }
}

function userText(part: UserPart): string {
  if (part.type === 'text') return part.text
  if (part.data.type === 'text') return part.data.text
  throw noFile(part.mediaType)
}

function assistantMessage(
  parts: readonly AssistantPart[],
  warnings: SharedV4Warning[],
): ChatCompletionMessageParam {
  const texts = (type: 'text' | 'reasoning') =>
    parts.map((part) => (part.type === type ? part.text : '')).join('')
  const calls = parts.flatMap(toolCalls)
  const leftOut = parts.filter(({ type }) => type !== 'text' && type !== 'reasoning' && type !== 'tool-call')
  for (const { type } of leftOut)
    warnings.push({
      type: 'unsupported',
      feature: `a part of type ${type} in an answer`,
      details: 'It is left out.',
    })
  const [content, reasoning] = [texts('text'), texts('reasoning')]
  return {
    role: 'assistant',
    content: content === '' && calls.length > 0 ? null : content,
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
}

function toolCalls(part: AssistantPart): ChatCompletionMessageToolCall[] {
  if (part.type !== 'tool-call') return []
  const { toolCallId: id, toolName: name, input } = part
  return [{ id, type: 'function', function: { name, arguments: JSON.stringify(input ?? {}) } }]
}

// An approval answers a question that only providers with tools of their own ask.
function toolMessages(part: ToolPart): ChatCompletionMessageParam[] {
  return part.type === 'tool-result' ? [toolMessage(part)] : []
}

function toolMessage({ toolCallId, output }: LanguageModelV4ToolResultPart): ChatCompletionMessageParam {
  return { role: 'tool', tool_call_id: toolCallId, content: outputText(output) }
}

function outputText(output: LanguageModelV4ToolResultOutput): string {
  switch (output.type) {
    case 'text':
    case 'error-text':
      return output.value
    case 'json':
    case 'error-json':
      return JSON.stringify(output.value)
    case 'execution-denied':
      return output.reason ?? 'The user did not allow this call.'
    case 'content':
      return output.value.map(contentText).join('')
  }
}

function contentText(part: Output<'content'>['value'][number]): string {
  if (part.type === 'text') return part.text
  if (part.type === 'file' && part.data.type === 'text') return part.data.text
  throw noFile(part.type === 'file' ? part.mediaType : part.type)
}

const noFile = (mediaType: string): HadalError =>
  new HadalError('unsupported', `The prompt has a part that is not text (${mediaType}).`, {
    hint: 'The models read text only: leave it out, or write its content as text.',
  })
