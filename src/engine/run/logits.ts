// Computes the logits of every position of a text, in one of the three ways the engine can run it.
import { logitsOfRows } from './logits-of-rows.ts'
import type { Runtime } from './runtime.ts'
import { Session } from './session.ts'
import { checkTokenIds } from './token-ids.ts'

/** `whole`: one prefill step; `chunked`: prefill steps of CHUNK rows; `decode`: one decode step per token. */
export type LogitsMode = 'whole' | 'chunked' | 'decode'

/** Small and no multiple of a page or a tile, so that chunks begin inside both. */
const CHUNK = 24

/** Logits after every id, f32 [ids, vocab], from an empty session. Throws as `checkTokenIds`. */
export async function computeLogits(
  runtime: Runtime,
  ids: readonly number[],
  mode: LogitsMode,
): Promise<Float32Array> {
  const { vocabSize } = runtime.spec
  checkTokenIds(ids, vocabSize, runtime.options.contextLength)
  const session = new Session(runtime.cache)
  try {
    await session.reserve(ids.length)
    runtime.writePageTable(session)
    const logits = new Float32Array(ids.length * vocabSize)
    const size = mode === 'whole' ? ids.length : mode === 'chunked' ? CHUNK : 1
    for (let at = 0; at < ids.length; at += size) {
      const chunk = ids.slice(at, at + size)
      logits.set(
        mode === 'decode'
          ? await decodeLogits(runtime, chunk[0] ?? 0, at)
          : await logitsOfRows(runtime.ownPrograms, chunk, at),
        at * vocabSize,
      )
    }
    return logits
  } finally {
    session.close()
  }
}

/** Logits after the id at `position`, f32 [vocab], by the decode program. */
export async function decodeLogits(runtime: Runtime, id: number, position: number): Promise<Float32Array> {
  runtime.writeToken(id)
  runtime.decodeOnly(position)
  return runtime.readLogits()
}
