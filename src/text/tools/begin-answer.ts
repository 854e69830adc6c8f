// Begins an answer in the prompt: with the text to go on with, or with a call that was asked for.
import { openDecoder } from '../decoder.ts'
import { lastThinkTag, THINK_CLOSE, THINK_OPEN } from '../think-tags.ts'
import type { TextTokenizer } from '../tokenizer.ts'

/** A piece of the prompt. Control tokens count only where it is trusted. */
type PromptPiece = { readonly text: string; readonly isTrusted: boolean }

export interface AnswerBeginning {
  /** An answer that was begun. */
  readonly text?: string | undefined
  readonly reasoning?: string | undefined
  /** The beginning of a call; '' for none. */
  readonly opening: string
}

export interface BegunAnswer {
  /** The prompt with the beginning of the answer. */
  readonly ids: readonly number[]
  /** The part that the prompt breaks off in; undefined if the answer was not begun. */
  readonly resumed: 'thinking' | 'answer' | undefined
}

/**
 * Extends a prompt. A thinking part that it leaves open is closed before a text or a call; reasoning
 * without a text is gone on with. Where the template has closed the thinking part, reasoning is left out, as
 * templates leave it out of other answers. Reasoning may begin and end with its tags, as a model wrote them:
 * then nothing is put around them.
 * @param prompt the ids of the rendered conversation
 */
export function beginAnswer(
  tokenizer: TextTokenizer,
  prompt: readonly number[],
  { text = '', reasoning = '', opening }: AnswerBeginning,
): BegunAnswer {
  const tag = lastThinkTag(tokenizer, prompt)
  const { fixed, tail } = splitTail(tokenizer, prompt)
  const pieces: PromptPiece[] = []
  const plain = (part: string) => pieces.push({ text: part, isTrusted: false })
  const trusted = (part: string) => pieces.push({ text: part, isTrusted: true })
  let part: BegunAnswer['resumed'] = tag === 'open' ? 'thinking' : tag && 'answer'
  const onLines = part !== 'thinking' || tail.endsWith('\n') // whether the tags have lines of their own
  const thought = withoutTags(reasoning)
  if (reasoning !== '' && part !== 'answer') {
    if (part === undefined) {
      trusted(THINK_OPEN)
      if (!thought.isOpened) plain('\n')
    }
    plain(thought.text)
    if (thought.isClosed) trusted(THINK_CLOSE)
    part = thought.isClosed ? 'answer' : 'thinking'
  }
  if (text !== '' || opening !== '') {
    if (part === 'thinking') {
      if (onLines) plain('\n')
      trusted(THINK_CLOSE)
      if (onLines) plain('\n\n')
    }
    plain(text)
    trusted(opening)
    part = 'answer'
  }
  if (pieces.length === 0) return { ids: prompt, resumed: undefined }
  const ids = mergePlain([{ text: tail, isTrusted: false }, ...pieces]).flatMap((piece) =>
    piece.isTrusted ? tokenizer.encode(piece.text) : tokenizer.encodePlain(piece.text),
  )
  // Newlines that follow the closing tag belong to no part, which the parser sees by the prompt's end.
  const isBetween = thought.isClosed && text === '' && opening === ''
  return { ids: [...fixed, ...ids], resumed: isBetween ? undefined : part }
}

function withoutTags(reasoning: string) {
  const isOpened = reasoning.startsWith(THINK_OPEN)
  const rest = isOpened ? reasoning.slice(THINK_OPEN.length) : reasoning
  const isClosed = rest.endsWith(THINK_CLOSE)
  return { isOpened, isClosed, text: isClosed ? rest.slice(0, -THINK_CLOSE.length) : rest }
}

/** The prompt up to its last control token, and the text after it: it is encoded as one with what follows. */
function splitTail(tokenizer: TextTokenizer, prompt: readonly number[]) {
  const at = prompt.findLastIndex((id) => tokenizer.isControl(id)) + 1
  const decoder = openDecoder(tokenizer, { keepSpecial: true })
  const tail = prompt.slice(at).map((id) => decoder.push(id))
  return { fixed: prompt.slice(0, at), tail: tail.join('') + decoder.end() }
}

/** Joins plain neighbours, which are encoded as one text. */
function mergePlain(pieces: readonly PromptPiece[]): PromptPiece[] {
  const merged: PromptPiece[] = []
  for (const piece of pieces) {
    const last = merged.at(-1)
    if (last && !last.isTrusted && !piece.isTrusted)
      merged.splice(-1, 1, { text: last.text + piece.text, isTrusted: false })
    else merged.push(piece)
  }
  return merged
}
