// An in-memory `Storage` for tests without a browser.

export function memoryStorage(): Storage {
  const items = new Map<string, string>()
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
    length: 0,
    clear: () => items.clear(),
    key: () => null,
  }
}
