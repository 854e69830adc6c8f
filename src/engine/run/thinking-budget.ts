// Resolves the budget of an answer's thinking part, and how it is closed. Loaded on demand.
import { readField, wholeNumber } from '../../lib/check.ts'
import type { ChatEncoder } from '../../text/chat.ts'
import { openDecoder } from '../../text/decoder.ts'
import { lastThinkTag, THINK_CLOSE, THINK_OPEN } from '../../text/think-tags.ts'
import type { TextTokenizer } from '../../text/tokenizer.ts'
import { ANSWER_OPTIONS, type GenerateRequest } from '../types.ts'
import type { GenerateTask, ThinkingBudget } from './task.ts'

/** Parts of `max_tokens` that an effort may think, so that something is left for the answer. */
const EFFORTS: Readonly<Record<string, number>> = {
  minimal: 0.1,
  low: 0.2,
  medium: 0.5,
  high: 0.8,
  xhigh: 0.95,
}

interface BudgetContext extends Pick<GenerateTask, 'prompt' | 'maxTokens' | 'output'> {
  readonly tokenizer: TextTokenizer
  readonly chat: ChatEncoder
}

/** The budget of a request: `thinkingBudget`, or what its effort stands for. Throws `bad_request`. */
export function openBudget(
  { thinkingBudget, effort = '', responseFormat }: GenerateRequest,
  { prompt, maxTokens, output, tokenizer, chat }: BudgetContext,
): ThinkingBudget | undefined {
  const share = EFFORTS[effort]
  const given = readField(
    ANSWER_OPTIONS.thinkingBudget.field,
    thinkingBudget,
    wholeNumber(0, Number.POSITIVE_INFINITY),
  )
  const tokens = given ?? (share === undefined ? undefined : Math.floor(share * maxTokens))
  if (tokens === undefined) return undefined
  const written = whiteSpaceAroundTag(tokenizer, chat, prompt)
  // White space after the tag belongs to the answer, which a format would refuse.
  const after = responseFormat ? '' : written.after
  const closing = (ids: readonly number[]) => {
    const onNewLine = written.before !== '' && textOf(tokenizer, ids.slice(-4)).endsWith('\n')
    return tokenizer.encode((onNewLine ? '' : written.before) + THINK_CLOSE + after)
  }
  const isOpen = output.resumed === undefined && !output.plain && !lastThinkTag(tokenizer, prompt)
  const mayOpen = (ids: readonly number[]) =>
    isOpen && THINK_OPEN.startsWith(textOf(tokenizer, ids.slice(0, THINK_OPEN.length + 1)).trim())
  return { tokens, closing, mayOpen }
}

function textOf(tokenizer: TextTokenizer, ids: readonly number[]): string {
  const decoder = openDecoder(tokenizer, { keepSpecial: true })
  return ids.map((id) => decoder.push(id)).join('') + decoder.end()
}

const THOUGHT = 'lanternfish thought'
const TEXT = 'lanternfish text'

/**
 * What the template writes around the closing tag of an answer. Many print no thinking part: then the tag
 * has a line of its own where the opening one has.
 */
function whiteSpaceAroundTag(
  tokenizer: TextTokenizer,
  chat: ChatEncoder,
  prompt: readonly number[],
): { readonly before: string; readonly after: string } {
  const onLines = !lastThinkTag(tokenizer, prompt) || textOf(tokenizer, prompt.slice(-4)).endsWith('\n')
  const [head = '', tail = ''] = printedAnswer(chat).split(THINK_CLOSE)
  const before = between(head, THOUGHT, '')
  const after = between(tail, '', TEXT)
  return { before: before ?? (onLines ? '\n' : ''), after: after ?? (onLines ? '\n\n' : '') }
}

/** An answer as the template prints it; '' if it prints none by itself. */
function printedAnswer(chat: ChatEncoder): string {
  const messages = [
    { role: 'user', content: 'question' },
    { role: 'assistant', content: TEXT, reasoning_content: THOUGHT },
  ]
  try {
    return chat.prompt(messages, { addGenerationPrompt: false }).text
  } catch {
    return ''
  }
}

/** White space between two texts; undefined if there is other text, or they are not there. */
function between(text: string, start: string, end: string): string | undefined {
  const first = text.lastIndexOf(start) + start.length
  const last = end === '' ? text.length : text.indexOf(end)
  const found =
    text.includes(start) && text.includes(end) ? text.slice(start === '' ? 0 : first, last) : 'none'
  return found.trim() === '' ? found : undefined
}
