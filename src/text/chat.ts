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
// Templates print tools and arguments as JSON, which may escape a stand-in; it is replaced all the same.

import { HadalError } from '../lib/error.ts'
import { isJsonObject } from '../lib/json.ts'
import { Notices } from '../lib/notices.ts'
import { endOfTurnId } from './end-of-turn.ts'
import { type ChatTemplate, openTemplate, renderChat } from './template.ts'
import { THINK_CLOSE, THINK_OPEN } from './think-tags.ts'
import type { TextTokenizer } from './tokenizer.ts'

/** A message as templates expect it. Other fields are passed on. */
export interface TemplateMessage {
  readonly role: string
  readonly content: string | null
}

export interface ChatOptions {
  /** Whether the answer has a thinking part; undefined = the template's own choice. */
  readonly thinking?: boolean | undefined
  /** Whether the prompt opens the assistant's turn. Default: true. */
  readonly addGenerationPrompt?: boolean | undefined
  /** Functions that the model may call, as `{ type, function }`. */
  readonly tools?: readonly unknown[] | undefined
  /** Control tokens that stay readable in the contents of the assistant's messages, beside the think tags. */
  readonly readable?: readonly string[]
}

export interface ChatPrompt {
  /** The rendered text, for display. */
  readonly text: string
  /** Its token ids, the input of the model. */
  readonly ids: number[]
}

export interface ChatEncoder {
  readonly template: ChatTemplate
  /** Whether the template has a switch for the thinking part. */
  readonly thinking: boolean
  /** Id of the token that the template prints after an answer, where it clearly has one. */
  readonly endOfTurnId: number | undefined
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
 * @param notices receives the fault of a template that fails
 */
export function openChatEncoder(
  tokenizer: TextTokenizer,
  tokenizerConfig: unknown,
  jinja?: string,
  notices = new Notices(),
): ChatEncoder {
  const template = openTemplate(tokenizerConfig, jinja)
  return {
    template,
    thinking: /enable_thinking|\bthinking\b/.test(template.source ?? ''),
    endOfTurnId: endOfTurnId(tokenizer, template, notices),
    prompt: (messages, options = {}) => encodeChat(tokenizer, template, messages, options),
  }
}

/** Renders and encodes a conversation with a template; see `ChatEncoder.prompt`. */
export function encodeChat(
  tokenizer: TextTokenizer,
  template: ChatTemplate,
  messages: readonly TemplateMessage[],
  { thinking, addGenerationPrompt = true, tools, readable = [] }: ChatOptions,
): ChatPrompt {
  checkMessages(messages)
  const standIns = chooseStandIns(tokenizer.controls, [messages, tools, template.source, template.variables])
  const rendered = renderChat(template, {
    messages: messages.map((message) => inertMessage(message, standIns, readable)),
    addGenerationPrompt,
    thinking,
    tools: tools?.map((tool) => makeInert(tool, standIns)),
  })
  const originals = new Map(
    [...standIns].flatMap(([char, standIn]) => [
      [standIn, char],
      [escaped(standIn), char],
    ]),
  )
  const restore = (text: string) => replaceCharacters(text, originals)
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
    for (const [, code = ''] of text.matchAll(/\\u([\da-f]{4})/g))
      used.add(String.fromCharCode(Number.parseInt(code, 16)))
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

/** A character as JSON and Python escape it. */
const escaped = (char: string): string => `\\u${char.charCodeAt(0).toString(16)}`

/** Visits all texts of a value, keys included. */
function forEachText(value: unknown, callback: (text: string) => void): void {
  if (typeof value === 'string') callback(value)
  else if (Array.isArray(value)) for (const part of value) forEachText(part, callback)
  else if (isJsonObject(value)) for (const part of Object.entries(value)) forEachText(part, callback)
}

/** Copies a message with stand-ins in its texts; the role is a checked word. */
function inertMessage(
  message: TemplateMessage,
  standIns: ReadonlyMap<string, string>,
  markers: readonly string[],
): unknown {
  const readable = message.role === 'assistant' ? [THINK_OPEN, THINK_CLOSE, ...markers] : []
  const inert = (field: string, value: unknown): unknown => {
    if (field === 'role') return value
    return typeof value === 'string'
      ? replaceCharacters(value, standIns, readable)
      : makeInert(value, standIns)
  }
  return Object.fromEntries(Object.entries(message).map(([field, value]) => [field, inert(field, value)]))
}

/** Copies a value with stand-ins in its texts. */
function makeInert(value: unknown, standIns: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return replaceCharacters(value, standIns)
  if (Array.isArray(value)) return value.map((part) => makeInert(part, standIns))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [replaceCharacters(key, standIns), makeInert(part, standIns)]),
  )
}

/** Replaces characters by the table, except in the `readable` texts. */
function replaceCharacters(
  text: string,
  table: ReadonlyMap<string, string>,
  readable: readonly string[] = [],
): string {
  if (readable.length > 0) {
    const parts = text.split(new RegExp(`(${readable.map((tag) => tag.replaceAll('|', '\\|')).join('|')})`))
    return parts.map((part, index) => (index % 2 === 1 ? part : replaceCharacters(part, table))).join('')
  }
  let replaced = text
  for (const [from, to] of table) replaced = replaced.replaceAll(from, to)
  return replaced
}
