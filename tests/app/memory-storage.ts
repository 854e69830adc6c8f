// Answers: what is a browser's storage where there is no browser? It must not know what is kept.

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
