// Answers: which part of an answer is thinking, and which is the answer proper? Newlines around the tags belong to neither, as in
// DeepSeek's own service. It must not know ids: the tags come either as events or, where they are no tokens, in the text.

import { partialEnd } from './partial.ts'
import { THINK_CLOSE, THINK_OPEN, type ThinkTag } from './think-tags.ts'

/** A piece of both parts; either may be empty. */
export interface AnswerPiece {
  readonly reasoning: string
  readonly text: string
}

export interface ReasoningParser {
  /** In force; 'start': nothing but white space so far, a thinking part may still open. */
  readonly part: 'start' | 'thinking' | 'answer'
  push(text: string): AnswerPiece
  /** A tag that arrived as one token. */
  tag(tag: ThinkTag): AnswerPiece
  /** What was held back; a missing closing tag leaves everything in the thinking part. */
  end(): AnswerPiece
}

/**
 * @param before the tag the prompt ends in: 'open' starts in the thinking part
 * @param inText whether tags are to be looked for in the text; otherwise they come by `tag` and a spelled-out tag is text
 */
export function openReasoning(before: ThinkTag | undefined, inText: boolean): ReasoningParser {
  return new Parser(before, inText)
}

const NOTHING: AnswerPiece = { reasoning: '', text: '' }
const LEADING_NEWLINES = /^[\r\n]+/
const TRAILING_NEWLINES = /[\r\n]+$/

class Parser implements ReasoningParser {
  part: ReasoningParser['part']
  private fresh = true // right after a tag: newlines are dropped
  private held = '' // not yet decided: white space at the start, newlines and parts of a tag while thinking
  private readonly inText: boolean

  constructor(before: ThinkTag | undefined, inText: boolean) {
    this.part = before === undefined ? 'start' : before === 'open' ? 'thinking' : 'answer'
    this.inText = inText
  }

  push(text: string): AnswerPiece {
    if (text === '') return NOTHING
    const all = this.held + text
    this.held = ''
    if (this.part === 'start') return this.pushStart(all)
    return this.part === 'thinking' ? this.pushThinking(all) : this.pushAnswer(all)
  }

  tag(tag: ThinkTag): AnswerPiece {
    // A tag that is already in force is dropped: models repeat the one that the prompt ended in.
    if (tag === 'close' && this.part === 'answer') return NOTHING
    if (tag === 'open' && this.part === 'thinking') return NOTHING
    this.held = '' // newlines before a closing tag, white space before an opening one
    this.part = tag === 'open' ? 'thinking' : 'answer'
    this.fresh = true
    return NOTHING
  }

  end(): AnswerPiece {
    const rest = this.held
    this.held = ''
    if (this.part !== 'thinking') return { reasoning: '', text: rest }
    return { reasoning: rest.replace(TRAILING_NEWLINES, ''), text: '' }
  }

  private pushStart(all: string): AnswerPiece {
    const begun = all.trimStart()
    if (begun === '' || (this.inText && begun.length < THINK_OPEN.length && THINK_OPEN.startsWith(begun))) {
      this.held = all
      return NOTHING
    }
    if (this.inText && begun.startsWith(THINK_OPEN)) {
      this.tag('open')
      return this.push(begun.slice(THINK_OPEN.length))
    }
    this.part = 'answer'
    this.fresh = false
    return { reasoning: '', text: all }
  }

  private pushAnswer(all: string): AnswerPiece {
    const text = this.fresh ? all.replace(LEADING_NEWLINES, '') : all
    if (text !== '') this.fresh = false
    return { reasoning: '', text }
  }

  private pushThinking(all: string): AnswerPiece {
    let rest = this.fresh ? all.replace(LEADING_NEWLINES, '') : all
    if (this.inText && this.fresh && rest.startsWith(THINK_OPEN)) {
      return this.pushThinking(rest.slice(THINK_OPEN.length))
    }
    const close = this.inText ? rest.indexOf(THINK_CLOSE) : -1
    if (close >= 0) {
      const reasoning = rest.slice(0, close).replace(TRAILING_NEWLINES, '')
      this.tag('close')
      return { reasoning, text: this.push(rest.slice(close + THINK_CLOSE.length)).text }
    }
    const repeated = this.inText && this.fresh && THINK_OPEN.startsWith(rest)
    const undecided = repeated ? rest : this.inText ? partialEnd(rest, [THINK_CLOSE]) : ''
    const newlines = TRAILING_NEWLINES.exec(rest.slice(0, rest.length - undecided.length))?.[0] ?? ''
    this.held = newlines + undecided
    rest = rest.slice(0, rest.length - this.held.length)
    if (rest !== '') this.fresh = false
    return { reasoning: rest, text: '' }
  }
}
