// Answers: how is the lab's adapter tuned, and what does this browser keep of it? Under the key by which every load asks for it (engine/engine.ts).
// It must not know how variants are measured, nor how rows are shown.
import type { TunedDecision } from '../bench/tune.ts'
import { type AdapterTuning, tuneAdapter, tuningKeyOf } from '../bench/tune-adapter.ts'
import { type HadalError, present, throwIfAborted } from '../lib/error.ts'
import { isRecord } from '../lib/record.ts'
import { readTuned, writeTuned } from '../store/tuned.ts'
import { openHttp } from '../weights/http.ts'
import { type PlainError, toPlain } from '../worker/protocol.ts'
import type { StoredTuning, TuneEvent, TuneRequest } from './protocol.ts'

/** Where the adapter comes from, and what settles when it is gone. */
export interface Tunable {
  readonly gpu: GPU | undefined
  readonly gone: Promise<HadalError>
}

/**
 * A row for each decision, then what was found, which is kept from then on. The adapter is opened once more, and closed in the end. Throws as
 * `tuneAdapter` does, and `device_lost` when `gone` settles; nothing is kept then.
 */
export async function* tuneAndKeep(
  tunable: Tunable,
  request: TuneRequest,
  signal: AbortSignal,
): AsyncGenerator<TuneEvent> {
  const events = new ReadableStream<TuneEvent>({
    async start(out) {
      const { key, winners } = await measure(tunable, request, signal, (row) =>
        out.enqueue({ type: 'decision', row }),
      )
      throwIfAborted(signal)
      out.enqueue({ type: 'found', winners: { ...winners }, refused: await keep(key, winners) })
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
    // Whoever leaves early has aborted; the next in turn waits until this has ended.
    await events.closed.catch(() => {})
  }
}

function measure(
  { gpu, gone }: Tunable,
  { place, repetitions }: TuneRequest,
  signal: AbortSignal,
  onDecision: (row: TunedDecision) => void,
): Promise<AdapterTuning> {
  const source = place === undefined ? undefined : openHttp(place)
  const lost = new AbortController()
  // What waits for a device that is gone may wait for ever.
  const fallen = gone.then((error) => {
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
  return Promise.race([tuned, fallen])
}

/** What is kept for the adapter; undefined where nothing is. */
export async function tunedOf(gpu: GPU | undefined): Promise<StoredTuning | undefined> {
  const stored = await readTuned(await keyOf(gpu))
  if (!isRecord(stored)) return undefined
  const named = Object.entries(stored).filter(
    (each): each is [string, string | number] => typeof each[1] === 'string' || typeof each[1] === 'number',
  )
  return Object.fromEntries(named)
}

/** Forgets it. Throws `unsupported` where files cannot be changed. */
export const forgetTuned = async (gpu: GPU | undefined): Promise<void> =>
  writeTuned(await keyOf(gpu), undefined)

const keyOf = async (gpu: GPU | undefined): Promise<string> =>
  present(await tuningKeyOf({ ...(gpu && { gpu }) }), 'the adapter')

/** Why it could not be kept, as plain data; undefined where it was. */
async function keep(key: string, winners: object): Promise<PlainError | undefined> {
  try {
    await writeTuned(key, winners)
    return undefined
  } catch (error) {
    return toPlain(error)
  }
}
