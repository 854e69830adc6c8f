// Reads the text of a token from an entry of tokenizer_config.json.
import { isJsonObject } from '../lib/json.ts'

/** The text of a token as tokenizer_config.json writes it: a string, or an object with a `content` string. */
export function tokenContent(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return isJsonObject(value) && typeof value.content === 'string' ? value.content : undefined
}
