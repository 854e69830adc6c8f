// A value with subscribers, for React's useSyncExternalStore; frequent changes are published once per frame.

/** Holds a state and tells its subscribers when it changes. */
export class Store<State> {
  readonly #subscribers = new Set<() => void>()
  #state: State
  #pending: State | undefined
  #frame: ReturnType<typeof setTimeout> | number | undefined

  constructor(state: State) {
    this.#state = state
  }

  readonly subscribe = (subscriber: () => void): (() => void) => {
    this.#subscribers.add(subscriber)
    return () => this.#subscribers.delete(subscriber)
  }

  /** The published state: the same object until it changes. */
  readonly snapshot = (): State => this.#state

  /** Publishes a state at once, in place of one that waits for its frame. */
  set(state: State): void {
    this.#pending = undefined
    this.#state = state
    for (const subscriber of this.#subscribers) subscriber()
  }

  /** Publishes a state with the next frame, unless another takes its place before. */
  setSoon(state: State): void {
    this.#pending = state
    this.#frame ??= nextFrame(() => {
      this.#frame = undefined
      if (this.#pending !== undefined) this.set(this.#pending)
    })
  }
}

/** Servers and other places without a screen have no frames. */
const nextFrame = (run: () => void): ReturnType<typeof setTimeout> | number =>
  typeof requestAnimationFrame === 'function' ? requestAnimationFrame(run) : setTimeout(run, 16)
