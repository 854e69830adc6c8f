// Tuning in the lab's worker: how it ends early, and that nothing is kept then. (That it measures rightly: tests/bench; in a browser: tests/browser.)
import { expect, it } from 'vitest'
import { forgetTuned, tuneAndKeep, tunedOf } from '../../src/lab/tuning.ts'
import { HadalError } from '../../src/lib/error.ts'
import { adapters, describeOnAdapters, openGpu } from '../support/adapter.ts'

const never = new Promise<HadalError>(() => {})

describeOnAdapters(
  'tuning in the lab',
  (adapter) => {
    it('ends when it is told to', async () => {
      const gpu = await openGpu(adapter.match)
      const abort = new AbortController()
      const events = tuneAndKeep({ gpu, gone: never }, { repetitions: 1 }, abort.signal)
      const first = events.next()
      abort.abort()
      await expect(first).rejects.toMatchObject({ code: 'aborted' })
    })

    it('ends when the GPU is gone, though its own device may still wait', async () => {
      const gpu = await openGpu(adapter.match)
      const gone = Promise.resolve(new HadalError('device_lost', 'The GPU device was lost.'))
      const events = tuneAndKeep({ gpu, gone }, { repetitions: 1 }, new AbortController().signal)
      await expect(events.next()).rejects.toMatchObject({ code: 'device_lost' })
    })

    it('says where no files are kept', async () => {
      const gpu = await openGpu(adapter.match) // Node has no private file system
      expect(await tunedOf(gpu)).toBeUndefined()
      await expect(forgetTuned(gpu)).rejects.toMatchObject({ code: 'unsupported' })
    })
  },
  adapters.slice(0, 1),
)
