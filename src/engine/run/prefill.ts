// Brings the cache of a session to where an answer begins, or where it was interrupted.
import type { Runtime } from './runtime.ts'
import type { Session } from './session.ts'

/**
 * Prefills the part of the prompt that is not in the session yet, in chunks. The session holds the chunks
 * that were submitted as a whole. Returns false if aborted, at the latest when the submission that runs is
 * done.
 * @param onChunk called with the position and the length of each chunk when it is submitted
 */
export async function prefill(
  runtime: Pick<Runtime, 'prefill' | 'options'>,
  session: Session,
  prompt: readonly number[],
  signal?: AbortSignal,
  onChunk?: (position: number, count: number) => void,
): Promise<boolean> {
  for (let at = session.length; at < prompt.length; at = session.length) {
    const ids = prompt.slice(at, at + runtime.options.prefillChunk)
    if (!(await runtime.prefill(ids, at, { signal }))) return false
    session.append(ids)
    onChunk?.(at, ids.length)
  }
  return true
}

/** Decode steps of a replay between two waits: submissions stay short, and an abort ends it soon. */
const REPLAYED_AT_ONCE = 8

/**
 * Runs the ids of an interrupted answer again, as they ran at first: through the decode program, so that the
 * cache holds the same numbers. The last one becomes the input of the next step. Returns false if aborted.
 */
export async function replay(
  runtime: Runtime,
  session: Session,
  ids: readonly number[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for (const [index, id] of ids.entries()) {
    runtime.writeToken(id)
    if (index === ids.length - 1) break
    runtime.decodeOnly(session.length)
    session.append([id])
    if (index % REPLAYED_AT_ONCE === REPLAYED_AT_ONCE - 1) await runtime.idle()
    if (signal?.aborted) return false
  }
  return true
}
