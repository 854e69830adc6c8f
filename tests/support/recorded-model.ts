// A model whose engine replays recorded events: api, worker's protocol and MessageChannel are real.
import { type LoadOptions, loadModel } from '../../src/api/load.ts'
import type { GenerateEvent } from '../../src/engine/types.ts'
import { HadalError } from '../../src/lib/error.ts'
import { replayEngine } from '../api/recorded.ts'
import { workerOf } from '../api/worker-of.ts'

export const MODEL_URL = 'https://example.test/models/lanternfish'

/** `loadModel` over a replayed engine. */
export async function recordedModel(events?: readonly GenerateEvent[], options: LoadOptions = {}) {
  const replay = replayEngine(events)
  const { worker } = workerOf(async () => replay.engine)
  return { ...replay, model: await loadModel(MODEL_URL, { ...options, worker }) }
}

/** The same, whose GPU goes away just before an answer is complete. */
export async function modelThatIsLost() {
  const recorded = await recordedModel()
  const { engine } = recorded
  const { generate } = engine
  engine.generate = async function* (...args) {
    for await (const event of generate(...args)) {
      if (event.type === 'done') throw new HadalError('device_lost', 'The GPU went away.')
      yield event
    }
  }
  return recorded
}
