// Answers: how does the page use the browser's storage, which may be full, forbidden, or hold nonsense? It must not know what is kept there.

/** Asked for when it is used: browsers that keep nothing refuse at the first look. */
export type Shelf = () => Storage

export const browser: Shelf = () => localStorage

/** What `work` returns; undefined when it fails: a full or forbidden storage, or nonsense in it, is no reason to disturb anyone. */
export function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
