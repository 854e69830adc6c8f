// Finds out how a chat template prints tools and calls, by rendering a short chat with it.
import { HadalError } from '../../lib/error.ts'
import { isJsonObject } from '../../lib/json.ts'
import { type ChatTemplate, renderChat } from '../template.ts'
import type { TextTokenizer } from '../tokenizer.ts'
import { parseJson, type ToolFormat } from './format.ts'
import { TOOL_FORMATS } from './formats.ts'
import { openToolParser } from './parser.ts'

/** How a template expects the message with a call. */
export interface CallShape {
  /** The content beside a call, where there is no text. */
  readonly content: '' | null
  readonly arguments: 'object' | 'text'
}

export interface TemplateForm {
  /** Whether the template shows tools to the model. */
  readonly showsTools: boolean
  /** How the model writes calls; undefined if in no form that Hadal reads. */
  readonly format: ToolFormat | undefined
  /** How the template takes calls of earlier answers; undefined if it prints none. */
  readonly shape: CallShape | undefined
}

/** In the order in which they are tried: what transformers documents comes first. */
const SHAPES: readonly CallShape[] = [
  { content: '', arguments: 'object' },
  { content: '', arguments: 'text' },
  { content: null, arguments: 'object' },
  { content: null, arguments: 'text' },
]

const NAME = 'lanternfish_depth'
/** Some templates print ids in place of names, some take no others than of nine letters. */
const IDS = [`functions.${NAME}:0`, 'abcdefghi']
const ARGUMENTS = { place: 'Monterey Bay' }
const QUESTION = { role: 'user', content: 'question' }
const PARAMETERS = { type: 'object', properties: { place: { type: 'string' } } }
const TOOL = { type: 'function', function: { name: NAME, description: 'depth', parameters: PARAMETERS } }
const NO_CONTROLS: Pick<TextTokenizer, 'controlId'> = { controlId: () => undefined }

const known = new WeakMap<ChatTemplate, TemplateForm>()

/** How a template prints tools and calls. The answer is kept with the template. */
export function templateForm(template: ChatTemplate, tokenizer: TextTokenizer): TemplateForm {
  const form = known.get(template) ?? findForm(template, tokenizer)
  known.set(template, form)
  return form
}

function findForm(template: ChatTemplate, tokenizer: TextTokenizer): TemplateForm {
  const showsTools = render(template, [QUESTION], [TOOL])?.includes(NAME) === true
  const printed = IDS.flatMap((id) => SHAPES.map((shape) => ({ id, shape }))).flatMap(({ id, shape }) => {
    const text = printedCall(template, shape, id)
    return text?.includes(NAME) ? [{ shape, format: TOOL_FORMATS.find((format) => reads(format, text)) }] : []
  })
  const best = printed.find(({ format }) => format !== undefined) ?? printed[0]
  const source = template.source ?? ''
  const isHint = (text: string) => source.includes(text) || tokenizer.controlId(text) !== undefined
  const format = best ? best.format : TOOL_FORMATS.find(({ hints }) => hints.every(isHint))
  return { showsTools, format, shape: best?.shape }
}

/** What a template prints for a call and its result. Some fail without tools. */
function printedCall(template: ChatTemplate, shape: CallShape, id: string): string | undefined {
  const written = shape.arguments === 'object' ? ARGUMENTS : JSON.stringify(ARGUMENTS)
  const call = { id, type: 'function', function: { name: NAME, arguments: written } }
  const answer = { role: 'assistant', content: shape.content, tool_calls: [call] }
  const chat = [QUESTION, answer, { role: 'tool', content: 'result', tool_call_id: id }]
  const text = render(template, chat)
  if (text !== undefined) return withoutPrompt(text, render(template, [QUESTION])) ?? text
  return withoutPrompt(render(template, chat, [TOOL]), render(template, [QUESTION], [TOOL]))
}

const withoutPrompt = (text: string | undefined, prompt: string | undefined): string | undefined =>
  prompt !== undefined && text?.startsWith(prompt) ? text.slice(prompt.length) : undefined

/** Whether the call can be read from what the template prints. */
function reads(format: ToolFormat, text: string): boolean {
  const parser = openToolParser(NO_CONTROLS, {
    format,
    schemas: new Map([[NAME, PARAMETERS]]),
    parallel: true,
  })
  return [...parser.push(text), ...parser.end()].some((item) => {
    const values = typeof item === 'string' ? undefined : parseJson(item.arguments)
    return isJsonObject(values) && values.place === ARGUMENTS.place
  })
}

/** The text of a chat; undefined where the template refuses it or fails. */
function render(
  template: ChatTemplate,
  messages: readonly unknown[],
  tools?: readonly unknown[],
): string | undefined {
  try {
    return renderChat(template, { messages, addGenerationPrompt: true, tools })
  } catch (error) {
    if (error instanceof HadalError) return undefined
    throw error
  }
}
