// Answers: what shape does a piece of parsed JSON have? It must not know which file the JSON came from.

/** True for a JSON object: not null, not an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The text of a token as tokenizer_config.json writes it: a string, or an object with a `content` string. */
export function tokenContent(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return isRecord(value) && typeof value.content === 'string' ? value.content : undefined
}
