// Tests of tuning in the lab's worker: how it ends early, and that nothing is stored then. (tests/bench
// covers the measurements, tests/browser the page.)
import { expect, it } from 'vitest'
import { forgetTuned, readStoredTuning, tuneAndStore } from '../../../src/bench/lab/tuning.ts'
import { HadalError } from '../../../src/lib/error.ts'
import { ADAPTERS, describeOnAdapters, openGpu } from '../../support/adapter.ts'

const never = new Promise<HadalError>(() => {})

describeOnAdapters(
  'tuning in the lab',
  (adapter) => {
    it('ends on abort', async () => {
      const gpu = await openGpu(adapter.match)
      const abort = new AbortController()
      const events = tuneAndStore({ gpu, gone: never }, { repetitions: 1 }, abort.signal)
      const first = events.next()
      abort.abort()
      await expect(first).rejects.toMatchObject({ code: 'aborted' })
    })

    it('ends when the GPU is lost, even if its own device still waits', async () => {
      const gpu = await openGpu(adapter.match)
      const gone = Promise.resolve(new HadalError('device_lost', 'The GPU device was lost.'))
      const events = tuneAndStore({ gpu, gone }, { repetitions: 1 }, new AbortController().signal)
      await expect(events.next()).rejects.toMatchObject({ code: 'device_lost' })
    })

    it('reports `unsupported` where no files can be stored', async () => {
      const gpu = await openGpu(adapter.match) // Node has no private file system
      expect(await readStoredTuning(gpu)).toBeUndefined()
      await expect(forgetTuned(gpu)).rejects.toMatchObject({ code: 'unsupported' })
    })
  },
  ADAPTERS.slice(0, 1),
)
