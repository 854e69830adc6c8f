// Returns errors as values, because Comlink would strip an error of its code and hint.
import { type Outcome, serializeError } from './protocol.ts'

/** Runs `work` and returns its value or its error. Never rejects. */
export async function captureOutcome<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() }
  } catch (error) {
    return { ok: false, error: serializeError(error) }
  }
}
