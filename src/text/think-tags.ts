// Answers: how do the models mark their thinking? It must not know what is done with the marks.

import { openDecoder } from './decoder.ts'
import type { TextTokenizer } from './tokenizer.ts'

export const THINK_OPEN = '<think>'
export const THINK_CLOSE = '</think>'

export type ThinkTag = 'open' | 'close'

/** The tags' ids, where both are single control tokens; otherwise they have to be found in the text. */
export interface ThinkIds {
  readonly open: number
  readonly close: number
}

export function thinkIds(tokenizer: TextTokenizer): ThinkIds | undefined {
  const open = tokenizer.controlId(THINK_OPEN)
  const close = tokenizer.controlId(THINK_CLOSE)
  return open === undefined || close === undefined ? undefined : { open, close }
}

const TAIL = 32 // ids: more than a tag spelled letter by letter and the white space after it

/**
 * The tag that the answer continues: 'open' when the prompt ends inside a thinking part, as templates that force one do,
 * 'close' when it ends after one, undefined when it says nothing.
 */
export function tagBefore(tokenizer: TextTokenizer, promptIds: readonly number[]): ThinkTag | undefined {
  const ids = thinkIds(tokenizer)
  if (ids !== undefined) {
    // Any other control token (the end of an earlier turn, say) ends the part that a tag could still govern.
    const last = promptIds.findLast((id) => tokenizer.isControl(id))
    return last === ids.open ? 'open' : last === ids.close ? 'close' : undefined
  }
  const decoder = openDecoder(tokenizer, { keepSpecial: true })
  const tail = promptIds
    .slice(-TAIL)
    .map((id) => decoder.push(id))
    .join('')
    .trimEnd()
  if (tail.endsWith(THINK_CLOSE)) return 'close'
  return tail.endsWith(THINK_OPEN) ? 'open' : undefined
}
