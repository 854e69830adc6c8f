// The beginning of an answer up to a token, with another one in its place, as a message to go on from.
import type { ChatCompletionMessageParam } from '../../../index.ts'
import { isControl } from './token-name.ts'
import type { TokenChoice, TokenTrace } from './token-trace.ts'

/** Where an answer is to go on, and what it goes on from. */
export interface Continuation {
  readonly index: number // of the token that is replaced
  readonly choice: TokenChoice
  /** The last message of the request. */
  readonly message: ChatCompletionMessageParam
}

const THINK_TAGS = ['<think>', '</think>']

/**
 * Puts a choice in the place of a token. Undefined where an answer cannot go on after it: the choice ends it,
 * or breaks off within a character.
 */
export function continuationAt(
  tokens: readonly TokenTrace[],
  index: number,
  choice: TokenChoice,
): Continuation | undefined {
  if (isControl(choice.text)) return undefined
  const before = tokens.slice(0, index)
  const isThinking = tokens[index]?.thinking === true || THINK_TAGS.includes(choice.text)
  const thoughts = before.filter(({ thinking }) => thinking)
  const texts = before.filter(({ thinking }) => !thinking)
  const reasoning = textOf(isThinking ? [...thoughts, choice] : thoughts)
  const content = textOf(isThinking ? texts : [...texts, choice])
  if (reasoning === undefined || content === undefined) return undefined
  return {
    index,
    choice,
    message: {
      role: 'assistant',
      content,
      ...(reasoning !== '' && { reasoning_content: reasoning }),
      prefix: true,
    },
  }
}

/** The text of tokens; undefined if it ends within a character. */
function textOf(tokens: readonly TokenChoice[]): string | undefined {
  try {
    const bytes = Uint8Array.from(tokens.flatMap((token) => token.bytes))
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
