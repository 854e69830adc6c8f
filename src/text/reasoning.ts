// Separates the thinking part of an output from the answer. Newlines around the tags belong to neither, as in
// DeepSeek's own service. A tag that is a single token arrives by `tag`; otherwise it is found in the text.

import { partialMatch } from './partial-match.ts'
import { THINK_CLOSE, THINK_OPEN, type ThinkTag } from './think-tags.ts'

/** A piece of output; either part may be empty. */
export interface OutputText {
  readonly reasoning: string
  readonly text: string
}

export interface ReasoningParser {
  /** The current part; 'start': only white space so far, a thinking part may still open. */
  readonly part: 'start' | 'thinking' | 'answer'
  push(text: string): OutputText
  /** A tag that arrived as one token. */
  tag(tag: ThinkTag): OutputText
  /** Returns what was held back. Without a closing tag everything belongs to the thinking part. */
  end(): OutputText
}

/**
 * Opens a parser.
 * @param before the tag that the prompt ends in: 'open' starts in the thinking part
 * @param inText true: tags are found in the text; false: they arrive by `tag` only
 * @param resumed the part that the prompt breaks off in, whatever tag comes before
 */
export function openReasoningParser(
  before: ThinkTag | undefined,
  inText: boolean,
  resumed?: 'thinking' | 'answer',
): ReasoningParser {
  return new ThinkTagParser(before, inText, resumed)
}

const NOTHING: OutputText = { reasoning: '', text: '' }

/** For output without a thinking part: everything is text. */
export const plainParser: ReasoningParser = {
  part: 'answer',
  push: (text) => ({ reasoning: '', text }),
  tag: () => NOTHING,
  end: () => NOTHING,
}
const LEADING_NEWLINES = /^[\r\n]+/
const TRAILING_NEWLINES = /[\r\n]+$/

class ThinkTagParser implements ReasoningParser {
  part: ReasoningParser['part']
  private afterTag: boolean // newlines right after a tag are dropped
  private held = '' // not yet decided: white space at the start, newlines and parts of a tag while thinking
  private readonly inText: boolean

  constructor(before: ThinkTag | undefined, inText: boolean, resumed: 'thinking' | 'answer' | undefined) {
    this.part = resumed ?? (before === undefined ? 'start' : before === 'open' ? 'thinking' : 'answer')
    this.afterTag = resumed === undefined
    this.inText = inText
  }

  push(text: string): OutputText {
    if (text === '') return NOTHING
    const all = this.held + text
    this.held = ''
    if (this.part === 'start') return this.pushStart(all)
    return this.part === 'thinking' ? this.pushThinking(all) : this.pushAnswer(all)
  }

  tag(tag: ThinkTag): OutputText {
    // A tag that changes nothing is dropped: models repeat the one that the prompt ended in.
    if (tag === 'close' && this.part === 'answer') return NOTHING
    if (tag === 'open' && this.part === 'thinking') return NOTHING
    this.held = '' // newlines before a closing tag, white space before an opening tag
    this.part = tag === 'open' ? 'thinking' : 'answer'
    this.afterTag = true
    return NOTHING
  }

  end(): OutputText {
    const rest = this.held
    this.held = ''
    if (this.part !== 'thinking') return { reasoning: '', text: rest }
    return { reasoning: rest.replace(TRAILING_NEWLINES, ''), text: '' }
  }

  private pushStart(all: string): OutputText {
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
    this.afterTag = false
    return { reasoning: '', text: all }
  }

  private pushAnswer(all: string): OutputText {
    const text = this.afterTag ? all.replace(LEADING_NEWLINES, '') : all
    if (text !== '') this.afterTag = false
    return { reasoning: '', text }
  }

  private pushThinking(all: string): OutputText {
    let rest = this.afterTag ? all.replace(LEADING_NEWLINES, '') : all
    if (this.inText && this.afterTag && rest.startsWith(THINK_OPEN)) {
      return this.pushThinking(rest.slice(THINK_OPEN.length))
    }
    const close = this.inText ? rest.indexOf(THINK_CLOSE) : -1
    if (close >= 0) {
      const reasoning = rest.slice(0, close).replace(TRAILING_NEWLINES, '')
      this.tag('close')
      return { reasoning, text: this.push(rest.slice(close + THINK_CLOSE.length)).text }
    }
    const repeated = this.inText && this.afterTag && THINK_OPEN.startsWith(rest)
    const undecided = repeated ? rest : this.inText ? partialMatch(rest, [THINK_CLOSE]) : ''
    const newlines = TRAILING_NEWLINES.exec(rest.slice(0, rest.length - undecided.length))?.[0] ?? ''
    this.held = newlines + undecided
    rest = rest.slice(0, rest.length - this.held.length)
    if (rest !== '') this.afterTag = false
    return { reasoning: rest, text: '' }
  }
}
