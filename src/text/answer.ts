// Answers: what does the reader of an answer get to see of each new id? The one entry of this room for the generate loop.
// It must not know how ids are chosen, nor which of them end the answer.

import { openDecoder } from './decoder.ts'
import { type AnswerPiece, openReasoning } from './reasoning.ts'
import { openStop } from './stop.ts'
import { tagBefore, thinkIds } from './think-tags.ts'
import type { TextTokenizer } from './tokenizer.ts'

/** Whole characters of either part that can no longer change. */
export interface AnswerDelta extends AnswerPiece {
  /** A stop string was completed: the answer is over, later ids are ignored. */
  readonly stopped: boolean
}

export interface Answer {
  /** Takes the next generated id. */
  push(id: number): AnswerDelta
  /** Whether the thinking part is in force. */
  thinking(): boolean
  /** The answer is over: what was held back. */
  end(): AnswerDelta
}

/**
 * Reads an answer as it is generated: characters, thinking part, stop strings.
 * The tags of the thinking part are taken by id where they are single tokens, so that it does not matter whether their text is
 * skipped as special; else they are found in the text. Stop strings count in the answer proper only, not while thinking.
 * @param promptIds all ids before the answer: a template may have opened or closed the thinking part
 * @throws HadalError bad_request for impossible stop strings
 */
export function openAnswer(
  tokenizer: TextTokenizer,
  promptIds: readonly number[],
  { stop = [] }: { readonly stop?: readonly string[] | undefined } = {},
): Answer {
  const ids = thinkIds(tokenizer)
  const decoder = openDecoder(tokenizer)
  const parser = openReasoning(tagBefore(tokenizer, promptIds), ids === undefined)
  const filter = openStop(stop)
  let stopped = false

  const deliver = (...pieces: AnswerPiece[]): AnswerDelta => {
    if (stopped) return { text: '', reasoning: '', stopped }
    const passed = filter.push(pieces.map(({ text }) => text).join(''))
    stopped = passed.stopped
    return { text: passed.text, reasoning: pieces.map(({ reasoning }) => reasoning).join(''), stopped }
  }
  return {
    push(id) {
      const tag = id === ids?.open ? 'open' : id === ids?.close ? 'close' : undefined
      if (tag === undefined) return deliver(parser.push(decoder.push(id)))
      return deliver(parser.push(decoder.end()), parser.tag(tag))
    },
    thinking: () => parser.part === 'thinking',
    end() {
      const last = deliver(parser.push(decoder.end()), parser.end())
      return { ...last, text: last.text + filter.end().text }
    },
  }
}
