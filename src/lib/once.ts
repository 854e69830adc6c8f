// Does work once, however often it is asked for.

/** A function that starts `work` at its first call and gives the same promise to all. */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined
  return () => {
    running ??= work()
    return running
  }
}
