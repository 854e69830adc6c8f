// Answers: how does a failure reach the page? As a value, because Comlink would strip an error of its code and hint.
// It must not know what failed.
import { type Outcome, toPlain } from './protocol.ts'

export async function outcomeOf<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() }
  } catch (error) {
    return { ok: false, error: toPlain(error) }
  }
}
