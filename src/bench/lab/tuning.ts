// Tunes the lab's adapter and stores the winners in this browser, under the key by which every load looks
// them up (engine/engine.ts).

import { expectDefined, type HadalError, throwIfAborted } from '../../lib/error.ts'
import { isJsonObject } from '../../lib/json.ts'
import { readTuned, writeTuned } from '../../store/tuned.ts'
import { openHttp } from '../../weights/http.ts'
import { type SerializedError, serializeError } from '../../worker/protocol.ts'
import type { TunedDecision } from '../tune.ts'
import { type AdapterTuning, tuneAdapter, tuningKeyOf } from '../tune-adapter.ts'
import type { StoredTuning, TuneEvent, TuneRequest } from './protocol.ts'

/** The source of the adapter, and a promise that resolves when the lab's device is lost. */
export interface TuningTarget {
  readonly gpu: GPU | undefined
  readonly gone: Promise<HadalError>
}

/**
 * Yields a row for each decision, then the winners, which are stored. Opens the adapter a second time and
 * closes it at the end. Throws the errors of `tuneAdapter`, and `device_lost` when `gone` resolves; nothing
 * is stored then.
 */
export async function* tuneAndStore(
  target: TuningTarget,
  request: TuneRequest,
  signal: AbortSignal,
): AsyncGenerator<TuneEvent> {
  const events = new ReadableStream<TuneEvent>({
    async start(out) {
      const { key, winners } = await runTuning(target, request, signal, (row) =>
        out.enqueue({ type: 'decision', row }),
      )
      throwIfAborted(signal)
      out.enqueue({ type: 'found', winners: { ...winners }, refused: await storeWinners(key, winners) })
      out.close()
    },
  }).getReader()
  try {
    for (;;) {
      const { done, value } = await events.read()
      if (done) return
      yield value
    }
  } finally {
    // A caller that stops early has aborted; wait for the tuning to end before the next call may run.
    await events.closed.catch(() => {})
  }
}

function runTuning(
  { gpu, gone }: TuningTarget,
  { modelUrl, repetitions }: TuneRequest,
  signal: AbortSignal,
  onDecision: (row: TunedDecision) => void,
): Promise<AdapterTuning> {
  const source = modelUrl === undefined ? undefined : openHttp(modelUrl)
  const lost = new AbortController()
  // Work on a lost device may never finish, so race it against the loss.
  const failed = gone.then((error) => {
    lost.abort()
    throw error
  })
  const tuned = tuneAdapter({
    ...(gpu && { gpu }),
    ...(source && { source }),
    repetitions,
    signal: AbortSignal.any([signal, lost.signal]),
    onDecision,
  })
  return Promise.race([tuned, failed])
}

/** The stored tuning of the adapter; undefined if there is none. */
export async function readStoredTuning(gpu: GPU | undefined): Promise<StoredTuning | undefined> {
  const stored = await readTuned(await keyOf(gpu))
  if (!isJsonObject(stored)) return undefined
  const valid = Object.entries(stored).filter(
    (entry): entry is [string, string | number] =>
      typeof entry[1] === 'string' || typeof entry[1] === 'number',
  )
  return Object.fromEntries(valid)
}

/** Deletes the stored tuning. Throws `unsupported` where files cannot be changed. */
export const forgetTuned = async (gpu: GPU | undefined): Promise<void> =>
  writeTuned(await keyOf(gpu), undefined)

const keyOf = async (gpu: GPU | undefined): Promise<string> =>
  expectDefined(await tuningKeyOf({ ...(gpu && { gpu }) }), 'the adapter')

/** Stores the winners; returns the error as plain data if that fails. */
async function storeWinners(key: string, winners: object): Promise<SerializedError | undefined> {
  try {
    await writeTuned(key, winners)
    return undefined
  } catch (error) {
    return serializeError(error)
  }
}
