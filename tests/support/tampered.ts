// Answers: how does a test make a shader wrong, for certain? It must not know what is expected of it then.
import sources from 'virtual:shaders'

/** The shader with `put` in place of every `find`. Throws when it does not say that: a test would run the right one. */
export function tampered(path: string, find: string, put: string): Record<string, string> {
  const text = sources[path] ?? ''
  if (!text.includes(find)) throw new Error(`${path} does not say ${find}`)
  return { [path]: text.replaceAll(find, put) }
}
