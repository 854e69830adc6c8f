// Ends an output before the stop string that is completed first.

import { HadalError } from '../lib/error.ts'
import { partialMatch } from './partial-match.ts'

const MAX_STOPS = 16
const MAX_STOP_LENGTH = 1024

export interface StopPiece {
  readonly text: string
  /** True once a stop string was completed: the text ends before it. */
  readonly stopped: boolean
}

export interface StopFilter {
  push(text: string): StopPiece
  /** Returns what was held back because a stop string might have begun there. */
  end(): StopPiece
}

/**
 * Makes a filter that passes text on until a stop string is completed; no part of that string is passed on.
 * @throws HadalError bad_request: an empty string, more than 16, or one of more than 1,024 characters
 */
export function openStopFilter(stops: readonly string[]): StopFilter {
  if (stops.length > MAX_STOPS || stops.some((stop) => stop === '' || stop.length > MAX_STOP_LENGTH)) {
    throw new HadalError(
      'bad_request',
      `"stop" takes up to ${MAX_STOPS} strings of 1 to ${MAX_STOP_LENGTH} characters.`,
      {
        hint: 'Leave "stop" out to end where the model ends.',
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
      held = stopped ? '' : partialMatch(all, stops)
      return { text: stopped ? all.slice(0, start) : all.slice(0, all.length - held.length), stopped }
    },
    end() {
      const text = held
      held = ''
      return { text, stopped }
    },
  }
}

/**
 * Start of the stop string that is completed first (the longest, if several end there); -1 if there is none.
 */
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
