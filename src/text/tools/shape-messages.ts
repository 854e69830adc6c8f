// Writes the calls of earlier answers as the chat template expects them.
import { HadalError } from '../../lib/error.ts'
import type { TemplateMessage } from '../chat.ts'
import { compileTemplate } from '../jinja/template.ts'
import { THINK_CLOSE, THINK_OPEN } from '../think-tags.ts'
import type { ToolFormat } from './format.ts'
import { markersOf } from './markers.ts'
import type { CallShape, TemplateForm } from './template-form.ts'

/** A message of the conversation; the content is '' where there is none. */
export interface ToolMessage extends TemplateMessage {
  readonly content: string
  readonly reasoning_content?: string
  readonly tool_call_id?: string
  readonly tool_calls?: readonly {
    readonly id: string
    readonly type: 'function'
    readonly function: { readonly name: string; readonly arguments: Readonly<Record<string, unknown>> }
  }[]
}

export interface ShapedMessages {
  readonly messages: readonly TemplateMessage[]
  /** Markers of calls that the contents hold. */
  readonly readable: readonly string[]
}

const MAX_JSON = 1 << 22 // characters; no context holds that many
const JSON_TEMPLATE = compileTemplate('{{ value | tojson }}')

/** A value as Python prints it as JSON, with white space after separators. */
const pythonJson = (value: unknown): string => JSON_TEMPLATE.render({ value }, MAX_JSON)

/**
 * Gives the messages the shape that the template prints, or writes calls into the content if it prints none.
 * @throws HadalError unsupported, if calls cannot be written either
 */
export function shapeMessages(messages: readonly ToolMessage[], form: TemplateForm): ShapedMessages {
  const { shape, format } = form
  if (shape) return { messages: messages.flatMap((message) => shapedMessage(message, shape)), readable: [] }
  // A text of an answer that spells a marker would count as a call: then this marker stays text.
  const readable = (format ? markersOf(format) : []).filter(
    (marker) => !messages.some(({ role, content }) => role === 'assistant' && content.includes(marker)),
  )
  const written = messages.map((message) => writtenMessage(message, format, readable))
  return { messages: written, readable }
}

/** A message with its calls as a template takes them. */
interface ShapedMessage extends TemplateMessage {
  readonly tool_calls?: readonly unknown[]
}

function shapedMessage(message: ToolMessage, shape: CallShape): ShapedMessage[] {
  const { tool_calls: calls, content, ...rest } = message
  if (!calls) return [message]
  const shaped = calls.map((call) => {
    const { arguments: values } = call.function
    const written = shape.arguments === 'object' ? values : pythonJson(values)
    return { ...call, function: { ...call.function, arguments: written } }
  })
  // Templates that take no content beside calls print only one of both.
  const isApart = shape.content === null && content !== ''
  return [
    ...(isApart ? [{ ...rest, content }] : []),
    { ...rest, content: isApart || content === '' ? shape.content : content, tool_calls: shaped },
  ]
}

function writtenMessage(
  message: ToolMessage,
  format: ToolFormat | undefined,
  readable: readonly string[],
): TemplateMessage {
  const { tool_calls: calls, content, ...rest } = message
  if (!calls) return message
  // Arguments must not hold what is readable in contents.
  const inertJson = (value: unknown) =>
    [THINK_OPEN, THINK_CLOSE, ...readable].reduce(
      (json, token) => json.replaceAll(token, `\\u003c${token.slice(1)}`),
      pythonJson(value),
    )
  const written = format?.write?.(
    calls.map(({ id, function: call }) => ({ id, name: call.name, arguments: inertJson(call.arguments) })),
  )
  if (written !== undefined) return { ...rest, content: content === '' ? written : `${content}\n${written}` }
  throw new HadalError('unsupported', 'This model’s chat template prints no calls of tools.', {
    hint: 'Leave `tool_calls` out of the messages, or write them into their contents.',
  })
}
