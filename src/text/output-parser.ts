// Parses the model's output as it is generated: turns ids into whole characters, separates thinking, answer
// and calls of tools, and ends at a stop string.

import { openDecoder } from './decoder.ts'
import { type OutputText, openReasoningParser, plainParser } from './reasoning.ts'
import { openStopFilter } from './stop.ts'
import { lastThinkTag, thinkIds } from './think-tags.ts'
import type { TextTokenizer } from './tokenizer.ts'

/** New characters of either part; they are whole and do not change later. */
export interface OutputDelta extends OutputText {
  /** A stop string was completed: the output has ended, later ids are ignored. */
  readonly stopped: boolean
  /** Calls that are complete with this piece. */
  readonly calls: readonly ToolCallText[]
}

/** A call of a tool. */
export interface ToolCallText {
  readonly index: number // among the calls of the answer
  readonly id: string
  readonly name: string
  readonly arguments: string // a JSON object
}

/** A piece of the answer's text, or a call. */
export type OutputItem = string | ToolCallText

/** Finds calls in the answer (`tools/parser.ts`, loaded on demand). */
export interface ToolCallParser {
  /** What stands in the text for an id that is a marker of calls. */
  markerOf(id: number): string | undefined
  /** A text with its markers spelled out. */
  spell(text: string): string
  push(text: string): readonly OutputItem[]
  /** Ends the answer and returns what was held back. */
  end(): readonly OutputItem[]
  /** Whether the answer ends with the calls so far. */
  readonly isEnded: boolean
}

export interface OutputParserOptions {
  /** Strings that end the answer; up to 16, of 1 to 1,024 characters. */
  readonly stop?: readonly string[] | undefined
  readonly tools?: ToolCallParser | undefined
  /** The part that the prompt breaks off in. By default the output begins a part, if the prompt opens one. */
  readonly resumed?: 'thinking' | 'answer' | undefined
  /** Whether all output is text. */
  readonly plain?: boolean
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
 * @throws HadalError bad_request for an empty, too long or 17th stop string
 */
export function openOutputParser(
  tokenizer: TextTokenizer,
  promptIds: readonly number[],
  { stop = [], tools, resumed, plain = false }: OutputParserOptions = {},
): OutputParser {
  const ids = plain ? undefined : thinkIds(tokenizer)
  const decoder = openDecoder(tokenizer)
  const before = lastThinkTag(tokenizer, promptIds)
  const parser = plain ? plainParser : openReasoningParser(before, ids === undefined, resumed)
  const filter = openStopFilter(stop)
  let stopped = false

  /** Passes the items on up to a stop string. No stop string reaches across a call. */
  const passOn = (items: readonly OutputItem[]): Omit<OutputDelta, 'reasoning'> => {
    const calls: ToolCallText[] = []
    let text = ''
    for (const item of items) {
      if (stopped) break
      const passed = typeof item === 'string' ? filter.push(item) : filter.end()
      text += passed.text
      stopped = passed.stopped
      if (typeof item !== 'string') calls.push(item)
    }
    stopped ||= tools?.isEnded ?? false
    return { text, calls, stopped }
  }
  const deliver = (...pieces: OutputText[]): OutputDelta => {
    const text = pieces.map((piece) => piece.text).join('')
    const reasoning = stopped ? '' : pieces.map((piece) => piece.reasoning).join('')
    const passed = passOn(tools ? tools.push(text) : [text])
    return { ...passed, reasoning: tools ? tools.spell(reasoning) : reasoning }
  }
  return {
    push(id) {
      const tag = id === ids?.open ? 'open' : id === ids?.close ? 'close' : undefined
      if (tag !== undefined) return deliver(parser.push(decoder.end()), parser.tag(tag))
      const marker = tools?.markerOf(id)
      return deliver(parser.push(marker === undefined ? decoder.push(id) : decoder.end() + marker))
    },
    isThinking: () => parser.part === 'thinking',
    end() {
      const last = deliver(parser.push(decoder.end()), parser.end())
      const rest = passOn(tools?.end() ?? [])
      return {
        ...last,
        text: last.text + rest.text + filter.end().text,
        calls: [...last.calls, ...rest.calls],
      }
    },
  }
}
