// Encodes a conversation with the model's chat template. Message contents cannot become control tokens: a
// user who types <｜User｜> means those characters, not the end of the turn.
//
// How contents are made inert: before the template sees a content, the first character of every control token
// (in practice only "<") is replaced by a stand-in, a code point that occurs nowhere in the conversation, the
// template or the tokenizer. The template works on the contents as usual (strip, split, conditions). Its
// output is split at the control tokens, which now come from the template only. In the plain pieces the
// stand-ins become characters again, and the pieces are encoded as plain text. A content without control
// tokens gets the ids of the directly rendered text, since the splits are the same. In the assistant's
// messages <think> and </think> stay readable, because templates look for them to drop old reasoning.

import { HadalError } from '../lib/error.ts'
import { isJsonObject } from '../lib/json.ts'
import { type ChatTemplate, openTemplate, renderChat } from './template.ts'
import { THINK_CLOSE, THINK_OPEN } from './think-tags.ts'
import type { TextTokenizer } from './tokenizer.ts'

/** A message as templates expect it. Other fields (tool calls) are passed on. */
export interface TemplateMessage {
  readonly role: string
  readonly content: string | null
}

export interface ChatOptions {
  /** Whether the answer has a thinking part; undefined = the template's own choice. */
  readonly thinking?: boolean | undefined
  /** Whether the prompt opens the assistant's turn. Default: true. */
  readonly addGenerationPrompt?: boolean | undefined
}

export interface ChatPrompt {
  /** The rendered text, for display. */
  readonly text: string
  /** Its token ids, the input of the model. */
  readonly ids: number[]
}

export interface ChatEncoder {
  /** Whether the template has a switch for the thinking part. */
  readonly thinking: boolean
  /** Why no chat can be rendered, if the model's template is faulty. */
  readonly fault: HadalError | undefined
  /**
   * Renders and encodes a conversation, begin token included where the template writes one.
   * @throws HadalError bad_request (no messages, malformed, or refused by the template), unsupported (the
   * model has no template), bad_file (the template fails)
   */
  prompt(messages: readonly TemplateMessage[], options?: ChatOptions): ChatPrompt
}

/**
 * Opens the chat format of a model folder.
 * @param tokenizerConfig parsed tokenizer_config.json, undefined where there is none
 * @param jinja text of chat_template.jinja, if the folder has one
 */
export function openChatEncoder(
  tokenizer: TextTokenizer,
  tokenizerConfig: unknown,
  jinja?: string,
): ChatEncoder {
  const template = openTemplate(tokenizerConfig, jinja)
  return {
    fault: template.fault,
    thinking: /enable_thinking|\bthinking\b/.test(template.source ?? ''),
    prompt: (messages, options = {}) => encodeChat(tokenizer, template, messages, options),
  }
}

function encodeChat(
  tokenizer: TextTokenizer,
  template: ChatTemplate,
  messages: readonly TemplateMessage[],
  { thinking, addGenerationPrompt = true }: ChatOptions,
): ChatPrompt {
  checkMessages(messages)
  const standIns = chooseStandIns(tokenizer.controls, [messages, template.source, template.variables])
  const inert = messages.map((message) => makeInert(message, standIns))
  const rendered = renderChat(template, { messages: inert, addGenerationPrompt, thinking })
  const restore = (text: string) =>
    replaceCharacters(text, new Map([...standIns].map(([char, standIn]) => [standIn, char])))
  const ids = tokenizer
    .split(rendered)
    .flatMap((piece) => (typeof piece === 'number' ? piece : tokenizer.encodePlain(restore(piece))))
  return { text: restore(rendered), ids }
}

function checkMessages(messages: readonly TemplateMessage[]): void {
  const fail = (what: string) =>
    new HadalError('bad_request', what, { hint: 'Each message needs a role and a content.' })
  if (!Array.isArray(messages) || messages.length === 0) throw fail('A chat needs at least one message.')
  messages.forEach((message: unknown, index) => {
    if (!isJsonObject(message)) throw fail(`Message ${index} is not an object.`)
    const { role, content } = message
    // Some templates print the role unchanged, so it must be a plain word.
    if (typeof role !== 'string' || !/^[a-z][a-z_]{0,31}$/.test(role))
      throw fail(`Message ${index} has no valid role.`)
    if (typeof content !== 'string' && content !== null)
      throw fail(`The content of message ${index} is not a string.`)
  })
}

/** Chooses an unused code point for each character that begins a control token. */
function chooseStandIns(controls: readonly string[], texts: unknown): ReadonlyMap<string, string> {
  const used = new Set<string>(controls.join(''))
  forEachText(texts, (text) => {
    for (const char of text) if (char >= '\ue000') used.add(char)
  })
  const firsts = new Set(controls.map((text) => String.fromCodePoint(text.codePointAt(0) ?? 0)))
  const standIns = new Map<string, string>()
  // Noncharacters and private-use characters: no template treats them as white space or letters.
  for (const [from, to] of [
    [0xfdd0, 0xfdf0],
    [0xe000, 0xf900],
  ] as const) {
    for (let code = from; code < to && standIns.size < firsts.size; code++) {
      const char = String.fromCharCode(code)
      if (!used.has(char)) standIns.set([...firsts][standIns.size] ?? '', char)
    }
  }
  if (standIns.size === firsts.size) return standIns
  throw new HadalError('bad_request', 'The conversation uses nearly all private-use characters of Unicode.', {
    hint: 'Remove the private-use characters from the messages.',
  })
}

function forEachText(value: unknown, callback: (text: string) => void): void {
  if (typeof value === 'string') callback(value)
  else if (typeof value === 'object' && value !== null)
    for (const part of Object.values(value)) forEachText(part, callback)
}

/** Copies a message with stand-ins in its texts; the role is a checked word. */
function makeInert(message: TemplateMessage, standIns: ReadonlyMap<string, string>): unknown {
  const readable = message.role === 'assistant' ? [THINK_OPEN, THINK_CLOSE] : []
  const replaceAll = (value: unknown): unknown => {
    if (typeof value === 'string') return replaceCharacters(value, standIns, readable)
    if (Array.isArray(value)) return value.map(replaceAll)
    if (!isJsonObject(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, part]) => [replaceCharacters(key, standIns), replaceAll(part)]),
    )
  }
  return Object.fromEntries(
    Object.entries(message).map(([field, value]) => [field, field === 'role' ? value : replaceAll(value)]),
  )
}

/** Replaces characters by the table, except in the `readable` texts. */
function replaceCharacters(
  text: string,
  table: ReadonlyMap<string, string>,
  readable: readonly string[] = [],
): string {
  if (readable.length > 0) {
    const parts = text.split(new RegExp(`(${readable.join('|')})`))
    return parts.map((part, index) => (index % 2 === 1 ? part : replaceCharacters(part, table))).join('')
  }
  let replaced = text
  for (const [from, to] of table) replaced = replaced.replaceAll(from, to)
  return replaced
}
