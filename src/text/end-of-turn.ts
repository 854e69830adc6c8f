// Finds the token that a chat template prints after an assistant's message: the model ends its answers with
// it. Fine-tunes often leave the end-of-sequence token of their base model in the other files.

import { HadalError } from '../lib/error.ts'
import type { Notices } from '../lib/notices.ts'
import { type ChatTemplate, renderChat } from './template.ts'
import { THINK_CLOSE, THINK_OPEN } from './think-tags.ts'
import type { TextTokenizer } from './tokenizer.ts'

const ANSWER = 'lanternfish'
const QUESTION = { role: 'user', content: 'question' }
const CHAT = [QUESTION, { role: 'assistant', content: ANSWER }]

/**
 * The id of the control token that follows an answer, both where the chat ends there and where it goes on.
 * Undefined where there is none, or where the template fails, which is noted.
 */
export function endOfTurnId(
  tokenizer: TextTokenizer,
  template: ChatTemplate,
  notices: Notices,
): number | undefined {
  if (template.source === undefined && template.fault === undefined) return undefined
  try {
    const atEnd = idAfterAnswer(tokenizer, template, CHAT)
    return atEnd === idAfterAnswer(tokenizer, template, [...CHAT, QUESTION]) ? atEnd : undefined
  } catch (error) {
    if (!(error instanceof HadalError)) throw error
    // A template may refuse this chat (bad_request). A fault will meet every chat.
    const fault = error.message.replace(/[.]?$/, '.')
    if (error.code === 'bad_file') notices.add(`${fault} Chats will fail; plain text works.`)
    return undefined
  }
}

function idAfterAnswer(
  tokenizer: TextTokenizer,
  template: ChatTemplate,
  messages: readonly unknown[],
): number | undefined {
  const text = renderChat(template, { messages, addGenerationPrompt: false })
  const at = text.lastIndexOf(ANSWER)
  if (at < 0) return undefined
  const [first, second] = tokenizer.split(text.slice(at + ANSWER.length))
  const id = typeof first === 'string' && first.trim() === '' ? second : first
  const isThinkTag = [THINK_OPEN, THINK_CLOSE].some((tag) => tokenizer.controlId(tag) === id)
  return typeof id === 'number' && !isThinkTag ? id : undefined
}
