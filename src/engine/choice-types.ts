// Several answers to one request: what they differ in, and which of them an event belongs to.

/** One of several answers to a request. */
export interface AnswerChoice {
  readonly index: number
  readonly seed?: number // instead of the request's
}

export interface ChoiceRequest {
  /** Asks for these answers, whose events have their index. Default: one answer, without an index. */
  readonly choices?: readonly AnswerChoice[]
  /** Their events so far, if they were interrupted: they go on after them. */
  readonly before?: readonly PastEvent[]
}

/** What counts of an event when its answer goes on. */
interface PastEvent extends ChoiceEvent {
  readonly type: 'delta' | 'done'
  readonly ids?: readonly number[]
}

export interface ChoiceEvent {
  readonly choice?: number // the index of its answer
}

/** Most answers that are decoded at the same time. */
export const CHOICES_AT_ONCE = 8

/**
 * `count` answers from index `first` on. With a seed each has its own, so that answer i is what a request of
 * its own with the seed `seed` + i, as a u32, would get.
 */
export const choicesOf = (count: number, seed: number | undefined, first = 0): AnswerChoice[] =>
  Array.from({ length: count }, (_, i) => ({
    index: first + i,
    ...(seed !== undefined && { seed: (seed + i) >>> 0 }),
  }))
