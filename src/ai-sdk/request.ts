// Translates a call of the AI SDK into a chat request, with a warning for each setting that has no effect.
import type {
  LanguageModelV4CallOptions,
  LanguageModelV4FunctionTool,
  LanguageModelV4ToolChoice,
  SharedV4Warning,
} from '@ai-sdk/provider'
import type { ChatCompletionCreateParams } from '../api/types/chat.ts'
import type { ChatCompletionTool, ChatCompletionToolChoiceOption } from '../api/types/messages.ts'
import { messagesOf } from './prompt.ts'

/**
 * Fields of the chat request that the AI SDK has no name for: `thinking`, `min_p`, `logit_bias` and others.
 * `providerOptions.hadal` has the same fields for one call.
 */
export type HadalModelSettings = Partial<
  Omit<
    ChatCompletionCreateParams,
    'messages' | 'model' | 'stream' | 'stream_options' | 'n' | 'tools' | 'tool_choice'
  >
>

export interface ChatRequest {
  readonly params: Omit<ChatCompletionCreateParams, 'stream' | 'stream_options'>
  readonly warnings: SharedV4Warning[]
}

/** @throws HadalError `unsupported` if the prompt has files */
export function chatRequest(options: LanguageModelV4CallOptions, settings: HadalModelSettings): ChatRequest {
  const warnings: SharedV4Warning[] = []
  const { providerOptions } = options
  return {
    params: {
      ...settings,
      messages: messagesOf(options.prompt, warnings),
      max_tokens: options.maxOutputTokens ?? settings.max_tokens ?? null,
      temperature: options.temperature ?? settings.temperature ?? null,
      top_p: options.topP ?? settings.top_p ?? null,
      top_k: options.topK ?? settings.top_k ?? null,
      presence_penalty: options.presencePenalty ?? settings.presence_penalty ?? null,
      frequency_penalty: options.frequencyPenalty ?? settings.frequency_penalty ?? null,
      seed: options.seed ?? settings.seed ?? null,
      stop: options.stopSequences ?? settings.stop ?? null,
      ...effortOf(options.reasoning, warnings),
      ...toolsOf(options, warnings),
      ...formatOf(options, warnings),
      ...providerOptions?.hadal,
    },
    warnings,
  }
}

function formatOf(
  { responseFormat, tools = [] }: LanguageModelV4CallOptions,
  warnings: SharedV4Warning[],
): Pick<ChatCompletionCreateParams, 'response_format'> {
  if (responseFormat?.type !== 'json') return {}
  if (tools.length > 0) {
    const details = 'With tools the answer is not held to JSON.'
    warnings.push({ type: 'unsupported', feature: 'responseFormat', details })
    return {}
  }
  const { schema, name = 'answer', description } = responseFormat
  if (!schema) return { response_format: { type: 'json_object' } }
  const described = { name, schema: schema as Readonly<Record<string, unknown>> }
  const json_schema = description === undefined ? described : { ...described, description }
  return { response_format: { type: 'json_schema', json_schema } }
}

function effortOf(
  reasoning: LanguageModelV4CallOptions['reasoning'],
  warnings: SharedV4Warning[],
): Pick<ChatCompletionCreateParams, 'reasoning_effort'> {
  if (reasoning === undefined || reasoning === 'provider-default') return {}
  if (reasoning !== 'max') return { reasoning_effort: reasoning }
  warnings.push({ type: 'compatibility', feature: 'reasoning', details: 'max is read as xhigh.' })
  return { reasoning_effort: 'xhigh' }
}

function toolsOf(
  { tools = [], toolChoice }: LanguageModelV4CallOptions,
  warnings: SharedV4Warning[],
): Pick<ChatCompletionCreateParams, 'tools' | 'tool_choice'> {
  const functions = tools.flatMap((tool) => {
    if (tool.type === 'function') return [functionTool(tool, warnings)]
    warnings.push({
      type: 'unsupported',
      feature: `the provider's tool ${tool.id}`,
      details: 'It is left out.',
    })
    return []
  })
  if (functions.length === 0) return {}
  return { tools: functions, ...(toolChoice && { tool_choice: choiceOf(toolChoice) }) }
}

function functionTool(tool: LanguageModelV4FunctionTool, warnings: SharedV4Warning[]): ChatCompletionTool {
  const { name, description, inputSchema, strict, inputExamples } = tool
  if (inputExamples !== undefined)
    warnings.push({
      type: 'unsupported',
      feature: `inputExamples of the tool ${name}`,
      details: 'They are left out.',
    })
  return {
    type: 'function',
    function: {
      name,
      ...(description !== undefined && { description }),
      parameters: inputSchema as Readonly<Record<string, unknown>>,
      ...(strict !== undefined && { strict }),
    },
  }
}

const choiceOf = (choice: LanguageModelV4ToolChoice): ChatCompletionToolChoiceOption =>
  choice.type === 'tool' ? { type: 'function', function: { name: choice.toolName } } : choice.type
