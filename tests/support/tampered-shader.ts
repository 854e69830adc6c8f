// Breaks a shader on purpose by replacing text in its source.
import sources from 'virtual:shaders'

/**
 * The shader with every `search` replaced. Throws when there is none, because the test would run the correct
 * shader.
 */
export function tamperedShader(path: string, search: string, replacement: string): Record<string, string> {
  const text = sources[path] ?? ''
  if (!text.includes(search)) throw new Error(`${path} does not contain ${search}`)
  return { [path]: text.replaceAll(search, replacement) }
}
