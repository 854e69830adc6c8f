// Finds the chat template of a model folder and renders conversations with it.

import { HadalError } from '../lib/error.ts'
import { isJsonObject } from '../lib/json.ts'
import { type CompiledTemplate, compileTemplate, TemplateRefusal } from './jinja.ts'
import { tokenContent } from './token-content.ts'
import { readConfig } from './tokenizer.ts'

const MAX_OUTPUT = 1 << 22 // characters; no context holds that many
const OTHER_PROMPT_HINT =
  'Use a plain text prompt instead of a chat, or download the file again from the model’s own page.'

export interface ChatTemplate {
  /** The Jinja text as published; undefined where the folder holds none. */
  readonly source: string | undefined
  readonly file: string
  readonly program: CompiledTemplate | undefined
  /** Texts of the special tokens, for the template to print. */
  readonly variables: Readonly<Record<string, string>>
}

/** Input of a template. Undefined fields are undefined for the template too. */
export interface TemplateInput {
  readonly messages: readonly unknown[]
  readonly addGenerationPrompt: boolean
  /** Whether the answer has a thinking part; undefined = the template's own choice. */
  readonly thinking?: boolean | undefined
}

/**
 * Finds and compiles the chat template of a model folder. A missing template is an error only when a chat is
 * rendered.
 * @param tokenizerConfig parsed tokenizer_config.json, undefined where there is none
 * @param jinja text of chat_template.jinja, which wins over the config's
 * @throws HadalError bad_file, if the template is not valid Jinja
 */
export function openTemplate(tokenizerConfig: unknown, jinja?: string): ChatTemplate {
  const config = readConfig(tokenizerConfig)
  const file = jinja === undefined ? 'tokenizer_config.json' : 'chat_template.jinja'
  const source = jinja ?? pickTemplate(config.chat_template)
  const variables: Record<string, string> = {}
  for (const name of ['bos_token', 'eos_token', 'pad_token', 'unk_token']) {
    const content = tokenContent(config[name])
    if (content !== undefined) variables[name] = content
  }
  return { source, file, variables, program: source === undefined ? undefined : compileSource(source, file) }
}

/** Either a string, or a list of named templates; "default" is the one for chats. */
function pickTemplate(value: unknown): string | undefined {
  if (value === undefined || value === null || typeof value === 'string') return value ?? undefined
  const list: unknown[] = Array.isArray(value) ? value : []
  const named = list
    .filter(isJsonObject)
    .filter(({ name, template }) => typeof name === 'string' && typeof template === 'string')
  const chosen = named.find(({ name }) => name === 'default') ?? (named.length === 1 ? named[0] : undefined)
  if (typeof chosen?.template === 'string') return chosen.template
  throw new HadalError(
    'bad_file',
    'tokenizer_config.json: "chat_template" is neither a string nor a list with a "default" entry.',
    {
      file: 'tokenizer_config.json',
      hint: OTHER_PROMPT_HINT,
    },
  )
}

function compileSource(source: string, file: string): CompiledTemplate {
  try {
    return compileTemplate(source)
  } catch (cause) {
    throw templateFault('cannot be read', file, cause)
  }
}

function templateFault(what: string, file: string, cause: unknown): HadalError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new HadalError('bad_file', `The chat template in ${file} ${what}: ${reason.slice(0, 300)}`, {
    file,
    hint: OTHER_PROMPT_HINT,
    cause,
  })
}

/**
 * Renders a conversation as the model was trained to read it, begin token included where the template writes
 * one: encode it without adding another.
 * @throws HadalError unsupported (no template), bad_request (the template refuses this conversation),
 * bad_file (it fails)
 */
export function renderChat(template: ChatTemplate, request: TemplateInput): string {
  const { program, variables, file } = template
  if (program === undefined) {
    throw new HadalError('unsupported', 'This model has no chat template.', {
      file,
      hint: 'Use a plain text prompt instead, or add the model’s chat_template.jinja to its folder.',
    })
  }
  const { messages, addGenerationPrompt, thinking } = request
  // Model families name the switch differently; a template reads only its own.
  const choice = thinking === undefined ? {} : { enable_thinking: thinking, thinking }
  try {
    return program.render(
      { ...variables, ...choice, messages, add_generation_prompt: addGenerationPrompt },
      MAX_OUTPUT,
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
