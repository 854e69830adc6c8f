// Parses the model's output as it is generated: turns ids into whole characters, separates thinking from the
// answer, and ends at a stop string.

import { openDecoder } from './decoder.ts'
import { type OutputText, openReasoningParser } from './reasoning.ts'
import { openStopFilter } from './stop.ts'
import { lastThinkTag, thinkIds } from './think-tags.ts'
import type { TextTokenizer } from './tokenizer.ts'

/** New characters of either part; they are whole and do not change later. */
export interface OutputDelta extends OutputText {
  /** A stop string was completed: the output has ended, later ids are ignored. */
  readonly stopped: boolean
}

export interface OutputParser {
  /** Takes the next generated id. */
  push(id: number): OutputDelta
  /** Whether the output is inside the thinking part. */
  isThinking(): boolean
  /** Ends the output and returns what was held back. */
  end(): OutputDelta
}

/**
 * Opens a parser for one output. Tags of the thinking part that are single tokens are recognised by id,
 * whether or not their text is skipped as special; others are found in the text. Stop strings count outside
 * the thinking part only.
 * @param promptIds all ids before the output: a template may have opened or closed the thinking part
 * @param options.stop strings that end the answer; up to 16, of 1 to 1,024 characters
 * @throws HadalError bad_request for an empty, too long or 17th stop string
 */
export function openOutputParser(
  tokenizer: TextTokenizer,
  promptIds: readonly number[],
  { stop = [] }: { readonly stop?: readonly string[] | undefined } = {},
): OutputParser {
  const ids = thinkIds(tokenizer)
  const decoder = openDecoder(tokenizer)
  const parser = openReasoningParser(lastThinkTag(tokenizer, promptIds), ids === undefined)
  const filter = openStopFilter(stop)
  let stopped = false

  const deliver = (...pieces: OutputText[]): OutputDelta => {
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
    isThinking: () => parser.part === 'thinking',
    end() {
      const last = deliver(parser.push(decoder.end()), parser.end())
      return { ...last, text: last.text + filter.end().text }
    },
  }
}
