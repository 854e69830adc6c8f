// Finds the chat template of a model folder and renders conversations with it.

import { HadalError } from '../lib/error.ts'
import { isJsonObject } from '../lib/json.ts'
import { type CompiledTemplate, compileTemplate, TemplateRefusal } from './jinja/template.ts'
import { tokenContent } from './token-content.ts'
import { readConfig } from './tokenizer.ts'

const MAX_OUTPUT = 1 << 22 // characters; no context holds that many
const OTHER_PROMPT_HINT =
  'Use a plain text prompt instead of a chat, or download the file again from the model’s own page.'
const NO_DEFAULT = '"chat_template" is neither a text nor a list of templates with one named "default".'

export interface ChatTemplate {
  /** The Jinja text as published; undefined where the folder holds none. */
  readonly source: string | undefined
  readonly file: string
  readonly program: CompiledTemplate | undefined
  /** Why there is no program although the folder has a template: thrown when a chat is rendered. */
  readonly fault: HadalError | undefined
  /** Texts of the special tokens, for the template to print. */
  readonly variables: Readonly<Record<string, string>>
  /** The template that the folder has for chats with tools, if it has another one for these. */
  readonly withTools?: string | undefined
}

/** Input of a template. Undefined fields are undefined for the template too. */
export interface TemplateInput {
  readonly messages: readonly unknown[]
  readonly addGenerationPrompt: boolean
  /** Functions that the model may call, as `{ type, function }`; undefined = none. */
  readonly tools?: readonly unknown[] | undefined
  /** Whether the answer has a thinking part; undefined = the template's own choice. */
  readonly thinking?: boolean | undefined
  /** What the template prints as today's date, in local time. Default: the present. */
  readonly now?: Date
}

/**
 * Finds and compiles the chat template of a model folder. A template that is missing or cannot be compiled is
 * an error only when a chat is rendered: a model can complete plain texts without one.
 * @param tokenizerConfig parsed tokenizer_config.json, undefined where there is none
 * @param jinja text of chat_template.jinja, which wins over the config's
 * @throws HadalError bad_file, if the config is not an object
 */
export function openTemplate(tokenizerConfig: unknown, jinja?: string): ChatTemplate {
  const config = readConfig(tokenizerConfig)
  const file = jinja === undefined ? 'tokenizer_config.json' : 'chat_template.jinja'
  const source = jinja ?? pickTemplate(config.chat_template)
  const isUnknown = source === undefined && (config.chat_template ?? undefined) !== undefined
  const variables: Record<string, string> = {}
  for (const name of ['bos_token', 'eos_token', 'pad_token', 'unk_token']) {
    const content = tokenContent(config[name])
    if (content !== undefined) variables[name] = content
  }
  const withTools = jinja === undefined ? namedTemplate(config.chat_template, 'tool_use') : undefined
  if (isUnknown) {
    const fault = new HadalError('bad_file', `${file}: ${NO_DEFAULT}`, { file, hint: OTHER_PROMPT_HINT })
    return { source, file, variables, withTools, program: undefined, fault }
  }
  return { ...compileChat({ source, file, variables }), withTools }
}

/** Compiles a template. A fault is kept until a chat is rendered. */
export function compileChat(opened: Pick<ChatTemplate, 'source' | 'file' | 'variables'>): ChatTemplate {
  const { source, file } = opened
  try {
    return {
      ...opened,
      program: source === undefined ? undefined : compileTemplate(source),
      fault: undefined,
    }
  } catch (cause) {
    return { ...opened, program: undefined, fault: templateFault('cannot be read', file, cause) }
  }
}

/** Either a string, or a list of named templates; "default" is the one for chats. */
function pickTemplate(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  const [first, ...others] = namedTemplates(value)
  return namedTemplate(value, 'default') ?? (others.length === 0 ? first?.template : undefined)
}

const namedTemplate = (value: unknown, name: string): string | undefined =>
  namedTemplates(value).find((entry) => entry.name === name)?.template

function namedTemplates(value: unknown): { readonly name: string; readonly template: string }[] {
  const list: unknown[] = Array.isArray(value) ? value : []
  return list
    .filter(isJsonObject)
    .flatMap(({ name, template }) =>
      typeof name === 'string' && typeof template === 'string' ? [{ name, template }] : [],
    )
}

function templateFault(what: string, file: string, cause: unknown): HadalError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new HadalError('bad_file', `The chat template in ${file} ${what}: ${reason.slice(0, 300)}`, {
    file,
    hint: OTHER_PROMPT_HINT,
    cause,
  })
}

/** The compiled template. Throws unsupported (there is none), bad_file (it cannot be compiled). */
export function programOf({ program, file, fault }: ChatTemplate): CompiledTemplate {
  if (fault) throw fault
  if (program) return program
  throw new HadalError('unsupported', 'This model has no chat template.', {
    file,
    hint: 'Use a plain text prompt instead, or add the model’s chat_template.jinja to its folder.',
  })
}

/**
 * Renders a conversation as the model was trained to read it, begin token included where the template writes
 * one: encode it without adding another.
 * @throws HadalError unsupported (no template), bad_request (the template refuses this conversation),
 * bad_file (it cannot be compiled, or fails)
 */
export function renderChat(template: ChatTemplate, request: TemplateInput): string {
  const { variables, file } = template
  const program = programOf(template)
  const { messages, addGenerationPrompt, thinking, tools = null, now } = request
  // Model families name the switch differently; a template reads only its own.
  const choice = thinking === undefined ? {} : { enable_thinking: thinking, thinking }
  try {
    // As in transformers, tools and documents are None where there are none.
    return program.render(
      {
        ...variables,
        ...choice,
        messages,
        tools,
        documents: null,
        add_generation_prompt: addGenerationPrompt,
      },
      MAX_OUTPUT,
      now,
    )
  } catch (cause) {
    if (!(cause instanceof TemplateRefusal)) throw templateFault('fails', file, cause)
    throw new HadalError(
      'bad_request',
      `The model’s chat template refuses this conversation: ${cause.message.slice(0, 300)}`,
      {
        file,
        hint: 'Change the roles or the order of the messages.',
        cause,
      },
    )
  }
}
