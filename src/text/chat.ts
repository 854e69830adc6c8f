// Answers: which ids does a conversation become? What people wrote must never steer the model: a user who types <｜User｜>
// means those characters, not the end of the turn. It must not know how the answer is generated or read.
//
// How the contents are kept inert: before the template sees a content, the first character of every control token (in practice
// only "<") is replaced by a stand-in, a code point that occurs nowhere in the conversation, the template or the tokenizer. The
// template works on the contents as usual (strip, split, conditions). Its output is cut at the control tokens, which now can only
// come from the template itself; the stand-ins in the plain pieces become characters again, and those pieces are encoded
// as plain text. For a content without control tokens the ids equal those of the directly rendered text, since the cuts are the same.
// In the assistant's own messages <think> and </think> stay readable, because templates look for them to drop old reasoning.

import { HadalError } from '../lib/error.ts'
import { isRecord } from '../lib/record.ts'
import { type ChatTemplate, openTemplate, renderChat } from './template.ts'
import { THINK_CLOSE, THINK_OPEN } from './think-tags.ts'
import type { TextTokenizer } from './tokenizer.ts'

/** A message as the template expects it; other fields (tool calls) are handed through. */
export interface Message {
  readonly role: string
  readonly content: string | null
}

export interface ChatOptions {
  /** Undefined = the template's own choice. */
  readonly thinking?: boolean | undefined
  /** Opens the assistant's turn. Default true. */
  readonly addGenerationPrompt?: boolean | undefined
}

export interface ChatPrompt {
  /** For display: the rendered text. */
  readonly text: string
  readonly ids: number[]
}

export interface Chat {
  /** Whether the template can be told to leave the thinking part out; others decide by themselves. */
  readonly thinking: boolean
  /** @throws HadalError bad_request, unsupported, bad_file */
  prompt(messages: readonly Message[], options?: ChatOptions): ChatPrompt
}

/**
 * Opens the chat format of a model folder.
 * @param tokenizerConfig parsed tokenizer_config.json, undefined where there is none
 * @param jinja text of chat_template.jinja, if the folder has one
 */
export function openChat(tokenizer: TextTokenizer, tokenizerConfig: unknown, jinja?: string): Chat {
  const template = openTemplate(tokenizerConfig, jinja)
  return {
    thinking: /enable_thinking|\bthinking\b/.test(template.source ?? ''),
    prompt: (messages, options = {}) => encodeChat(tokenizer, template, messages, options),
  }
}

function encodeChat(
  tokenizer: TextTokenizer,
  template: ChatTemplate,
  messages: readonly Message[],
  { thinking, addGenerationPrompt = true }: ChatOptions,
): ChatPrompt {
  checkMessages(messages)
  const standIns = chooseStandIns(tokenizer.controls, [messages, template.source, template.variables])
  const inert = messages.map((message) => disarmMessage(message, standIns))
  const rendered = renderChat(template, { messages: inert, addGenerationPrompt, thinking })
  const restore = (text: string) =>
    swap(text, new Map([...standIns].map(([char, standIn]) => [standIn, char])))
  const ids = tokenizer
    .split(rendered)
    .flatMap((piece) => (typeof piece === 'number' ? piece : tokenizer.encodePlain(restore(piece))))
  return { text: restore(rendered), ids }
}

function checkMessages(messages: readonly Message[]): void {
  const fail = (what: string) =>
    new HadalError('bad_request', what, { hint: 'Each message needs a role and a content.' })
  if (!Array.isArray(messages) || messages.length === 0) throw fail('A chat needs at least one message.')
  messages.forEach((message: unknown, index) => {
    if (!isRecord(message)) throw fail(`Message ${index} is not an object.`)
    const { role, content } = message
    // Some templates print the role as it is, so that it must be a plain word.
    if (typeof role !== 'string' || !/^[a-z][a-z_]{0,31}$/.test(role))
      throw fail(`Message ${index} has no valid role.`)
    if (typeof content !== 'string' && content !== null)
      throw fail(`Message ${index} has no text as its content.`)
  })
}

/** One unused code point for each character that begins a control token. */
function chooseStandIns(controls: readonly string[], texts: unknown): ReadonlyMap<string, string> {
  const used = new Set<string>(controls.join(''))
  forEachText(texts, (text) => {
    for (const char of text) if (char >= '\ue000') used.add(char)
  })
  const firsts = new Set(controls.map((text) => String.fromCodePoint(text.codePointAt(0) ?? 0)))
  const standIns = new Map<string, string>()
  // Noncharacters and private use: no template treats them as white space or letters.
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
  throw new HadalError('bad_request', 'The conversation uses nearly every private code point there is.', {
    hint: 'Remove the private-use characters from the messages.',
  })
}

function forEachText(value: unknown, visit: (text: string) => void): void {
  if (typeof value === 'string') visit(value)
  else if (typeof value === 'object' && value !== null)
    for (const part of Object.values(value)) forEachText(part, visit)
}

/** A copy of a message whose texts hold no control token; the role is a checked word. */
function disarmMessage(message: Message, standIns: ReadonlyMap<string, string>): unknown {
  const readable = message.role === 'assistant' ? [THINK_OPEN, THINK_CLOSE] : []
  const disarm = (value: unknown): unknown => {
    if (typeof value === 'string') return swap(value, standIns, readable)
    if (Array.isArray(value)) return value.map(disarm)
    if (!isRecord(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [swap(key, standIns), disarm(part)]))
  }
  return Object.fromEntries(
    Object.entries(message).map(([field, value]) => [field, field === 'role' ? value : disarm(value)]),
  )
}

/** Replaces characters one for one, except in the `readable` texts. */
function swap(text: string, table: ReadonlyMap<string, string>, readable: readonly string[] = []): string {
  if (readable.length > 0) {
    const parts = text.split(new RegExp(`(${readable.join('|')})`))
    return parts.map((part, index) => (index % 2 === 1 ? part : swap(part, table))).join('')
  }
  let swapped = text
  for (const [from, to] of table) swapped = swapped.replaceAll(from, to)
  return swapped
}
