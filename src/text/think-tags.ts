// Tags of the thinking part: their texts, their ids, and which of them a prompt ends in.

import { openDecoder } from './decoder.ts'
import type { TextTokenizer } from './tokenizer.ts'

export const THINK_OPEN = '<think>'
export const THINK_CLOSE = '</think>'

export type ThinkTag = 'open' | 'close'

/** Ids of the tags, if both are single control tokens; otherwise they must be found in the text. */
export interface ThinkIds {
  readonly open: number
  readonly close: number
}

export function thinkIds(tokenizer: TextTokenizer): ThinkIds | undefined {
  const open = tokenizer.controlId(THINK_OPEN)
  const close = tokenizer.controlId(THINK_CLOSE)
  return open === undefined || close === undefined ? undefined : { open, close }
}

const TAIL_IDS = 32 // enough for a tag spelled letter by letter and the white space after it

/**
 * The last tag of the prompt that still counts: 'open' when the prompt ends inside a thinking part, as
 * templates that force one do, 'close' when it ends after one, undefined otherwise.
 */
export function lastThinkTag(tokenizer: TextTokenizer, promptIds: readonly number[]): ThinkTag | undefined {
  const ids = thinkIds(tokenizer)
  if (ids !== undefined) {
    // Any other control token, such as the end of an earlier turn, ends the part that a tag has opened.
    const last = promptIds.findLast((id) => tokenizer.isControl(id))
    return last === ids.open ? 'open' : last === ids.close ? 'close' : undefined
  }
  const decoder = openDecoder(tokenizer, { keepSpecial: true })
  const tail = promptIds
    .slice(-TAIL_IDS)
    .map((id) => decoder.push(id))
    .join('')
    .trimEnd()
  if (tail.endsWith(THINK_CLOSE)) return 'close'
  return tail.endsWith(THINK_OPEN) ? 'open' : undefined
}
