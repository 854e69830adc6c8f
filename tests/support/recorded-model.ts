// A model whose engine replays recorded events: api, worker's protocol and MessageChannel are real.
import { type LoadOptions, loadModel } from '../../src/api/load.ts'
import type { GenerateEvent } from '../../src/engine/types.ts'
import { replayEngine } from '../api/recorded.ts'
import { workerOf } from '../api/worker-of.ts'

export const MODEL_URL = 'https://example.test/models/lanternfish'

/** `loadModel` over a replayed engine. */
export async function recordedModel(events?: readonly GenerateEvent[], options: LoadOptions = {}) {
  const replay = replayEngine(events)
  const { worker } = workerOf(async () => replay.engine)
  return { ...replay, model: await loadModel(MODEL_URL, { ...options, worker }) }
}
