// Prepares answers that need more than a rendered conversation: with tools, with calls of earlier answers, or
// going on with an answer that was begun. Loaded on demand.
import { HadalError } from '../../lib/error.ts'
import { type ChatEncoder, encodeChat } from '../chat.ts'
import type { OutputParserOptions } from '../output-parser.ts'
import { type ChatTemplate, compileChat, programOf } from '../template.ts'
import { THINK_CLOSE } from '../think-tags.ts'
import type { TextTokenizer } from '../tokenizer.ts'
import { beginAnswer } from './begin-answer.ts'
import type { ToolFormat } from './format.ts'
import { TOOL_FORMATS } from './formats.ts'
import { openToolParser } from './parser.ts'
import { shapeMessages, type ToolMessage } from './shape-messages.ts'
import { type TemplateForm, templateForm } from './template-form.ts'
import type { ToolConstraintOptions } from './tool-constraint.ts'

interface Tool {
  readonly function: { readonly name: string; readonly [field: string]: unknown }
}

export interface ToolUse {
  readonly messages: readonly ToolMessage[]
  readonly thinking?: boolean | undefined
  readonly tools?: readonly Tool[] | undefined
  /** Default: auto. */
  readonly toolChoice?: 'auto' | 'required' | { readonly name: string } | undefined
  /** Default: true. */
  readonly parallelToolCalls?: boolean | undefined
  /** Whether the last message is an answer to go on with. Default: false. */
  readonly continueFinal?: boolean | undefined
}

export interface PreparedAnswer {
  readonly ids: readonly number[]
  /** For the parser of the output. */
  readonly output: Pick<OutputParserOptions, 'tools' | 'resumed'>
  /** Tokens that end the answer, beside those of the model. */
  readonly ends: readonly number[]
  /** How calls are held to the schemas of their tools. */
  readonly calls?: Pick<ToolConstraintOptions, 'format' | 'parallel' | 'opening'>
  /** The text of an answer that is gone on with. */
  readonly begun?: string
}

/**
 * Renders and encodes the conversation, with the beginning of the answer that was asked for, and opens the
 * parser of calls.
 * @throws HadalError as `ChatEncoder.prompt`; unsupported, if the template shows no tools, or if the model
 * calls them in an unknown form; bad_request, if there is no answer to go on with
 */
export function prepareAnswer(tokenizer: TextTokenizer, chat: ChatEncoder, use: ToolUse): PreparedAnswer {
  const { tools, toolChoice = 'auto', parallelToolCalls: parallel = true } = use
  const begun = use.continueFinal ? finalAnswer(use.messages) : undefined
  const messages = begun ? use.messages.slice(0, -1) : use.messages
  const template = tools ? templateWithTools(chat.template) : chat.template
  programOf(template)
  const form = templateForm(template, tokenizer)
  const format = tools && formatOf(form, template)
  const isForced = tools !== undefined && toolChoice !== 'auto'
  const reasoning = canThink(tokenizer, template) ? begun?.reasoning_content : undefined
  const shaped = shapeMessages(messages, form)
  const prompt = encodeChat(tokenizer, template, shaped.messages, {
    thinking: isForced ? false : (use.thinking ?? (reasoning ? true : undefined)),
    tools,
    readable: shaped.readable,
  })
  const opening = isForced && format ? openingOf(format, toolChoice, messages) : ''
  const answer = beginAnswer(tokenizer, prompt.ids, { text: begun?.content, reasoning, opening })
  return {
    ids: answer.ids,
    output: {
      resumed: answer.resumed,
      tools:
        format &&
        tools &&
        openToolParser(tokenizer, { format, schemas: schemasOf(tools), parallel, opening }),
    },
    ends: (format?.ends ?? []).flatMap((text) => tokenizer.controlId(text) ?? []),
    ...(format && { calls: { format, parallel, opening } }),
    ...(begun && { begun: begun.content ?? '' }),
  }
}

function finalAnswer(messages: readonly ToolMessage[]): ToolMessage {
  const last = messages.at(-1)
  if (last?.role === 'assistant' && !last.tool_calls) return last
  throw new HadalError('bad_request', 'The last message is no text of an answer to go on with.', {
    hint: 'End the conversation with the assistant’s message that is to be continued.',
  })
}

const schemasOf = (tools: readonly Tool[]) =>
  new Map(tools.map((tool) => [tool.function.name, tool.function.parameters]))

const canThink = (tokenizer: TextTokenizer, template: ChatTemplate): boolean =>
  tokenizer.controlId(THINK_CLOSE) !== undefined || template.source?.includes(THINK_CLOSE) === true

function openingOf(
  format: ToolFormat,
  choice: 'required' | { readonly name: string },
  messages: readonly ToolMessage[],
): string {
  const earlier = messages.flatMap((message) => message.tool_calls ?? [])
  return format.open(choice === 'required' ? undefined : choice.name, earlier.length)
}

const compiled = new WeakMap<ChatTemplate, ChatTemplate>()

/** The template for chats with tools: a folder may have one beside its default. */
function templateWithTools(template: ChatTemplate): ChatTemplate {
  if (template.withTools === undefined) return template
  const found = compiled.get(template) ?? compileChat({ ...template, source: template.withTools })
  compiled.set(template, found)
  return found
}

function formatOf({ showsTools, format }: TemplateForm, { file }: ChatTemplate): ToolFormat {
  if (!showsTools)
    throw new HadalError('unsupported', 'This model’s chat template does not show tools to the model.', {
      file,
      hint: 'Leave `tools` out, or add a chat_template.jinja that prints them to the model’s folder.',
    })
  if (format) return format
  const names = TOOL_FORMATS.map(({ name }) => name).join(', ')
  throw new HadalError('unsupported', 'The model calls tools in a form that this version does not read.', {
    file,
    hint: `Leave \`tools\` out. Supported are the forms of ${names}.`,
  })
}
