// Access to browser storage that may be full, forbidden or corrupt.

/** A getter, because browsers that block storage already throw when the property is read. */
export type StorageGetter = () => Storage

export const browserStorage: StorageGetter = () => localStorage

/** The result of `work`, or undefined if it throws: unusable storage must not disturb the user. */
export function tryOrUndefined<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
