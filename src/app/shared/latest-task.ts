// One task at a time: starting another aborts the one before, whose late results no longer count.

/** A started task. */
export interface TaskHandle {
  readonly signal: AbortSignal
  /** Whether no other task has started since. An aborted task may still be the latest. */
  isLatest(): boolean
}

export class LatestTask {
  #current: AbortController | undefined

  start(): TaskHandle {
    this.abort()
    const own = new AbortController()
    this.#current = own
    return { signal: own.signal, isLatest: () => this.#current === own }
  }

  abort(): void {
    this.#current?.abort()
  }
}
