// Answers: where does a stop string end the answer? It must not know what the text is part of.

import { HadalError } from '../lib/error.ts'
import { partialEnd } from './partial.ts'

const MAX_STOPS = 16
const MAX_LENGTH = 1024

export interface StopPiece {
  readonly text: string
  /** True from the piece on in which a stop string was completed: the text ends before it. */
  readonly stopped: boolean
}

export interface StopFilter {
  push(text: string): StopPiece
  /** What was held back because a stop string might have begun there. */
  end(): StopPiece
}

/**
 * Passes text on until one of the strings appears, whichever is completed first; no part of it is passed on.
 * @throws HadalError bad_request: an empty string, more than 16, or one of more than 1,024 characters
 */
export function openStop(stops: readonly string[]): StopFilter {
  if (stops.length > MAX_STOPS || stops.some((stop) => stop === '' || stop.length > MAX_LENGTH)) {
    throw new HadalError(
      'bad_request',
      `"stop" takes up to ${MAX_STOPS} strings of 1 to ${MAX_LENGTH} characters.`,
      {
        hint: 'Leave "stop" out to end only where the model does.',
      },
    )
  }
  let held = ''
  let stopped = false
  return {
    push(text) {
      if (stopped) return { text: '', stopped }
      const all = held + text
      const start = firstStop(all, stops)
      stopped = start >= 0
      held = stopped ? '' : partialEnd(all, stops)
      return { text: stopped ? all.slice(0, start) : all.slice(0, all.length - held.length), stopped }
    },
    end() {
      const text = held
      held = ''
      return { text, stopped }
    },
  }
}

/** Where the stop string that is completed first begins (the longest, if several end there); -1 if there is none. */
function firstStop(text: string, stops: readonly string[]): number {
  let start = -1
  let end = Number.POSITIVE_INFINITY
  for (const stop of stops) {
    const at = text.indexOf(stop)
    if (at < 0 || at + stop.length > end || (at + stop.length === end && at >= start)) continue
    start = at
    end = at + stop.length
  }
  return start
}
