// Tests of waits for the GPU where completion is reported late: on a clock of its own, and in a whole answer.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { GpuWaits } from '../../src/gpu/waits.ts'
import { ADAPTER_KINDS, describeOnAdapters } from '../support/adapter.ts'
import { openLateGpu } from '../support/late-gpu.ts'
import { GREEDY, LANTERNFISH, openModel, runRequest } from '../support/model.ts'

describe('waits', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** A queue that answers its nth question after the nth delay, the last one again and again. */
  function queueWith(...delays: readonly number[]) {
    let asked = 0
    const submit = vi.fn()
    const onSubmittedWorkDone = () => {
      const delay = delays[Math.min(asked++, delays.length - 1)]
      return new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), delay))
    }
    return { submit, queue: { submit, onSubmittedWorkDone } as unknown as GPUQueue }
  }

  async function open({ submit, queue }: ReturnType<typeof queueWith>): Promise<GpuWaits> {
    const opening = GpuWaits.open(queue)
    await vi.runAllTimersAsync()
    const waits = await opening
    submit.mockClear()
    return waits
  }

  it('submit empty lists while any answer is awaited, if a queue reports late', async () => {
    const late = queueWith(30, 100) // the first question may come just before Firefox's timer
    const waits = await open(late)
    const first = waits.workDone()
    await vi.advanceTimersByTimeAsync(60)
    const second = waits.workDone()
    await vi.advanceTimersByTimeAsync(60)
    await first
    const submitted = late.submit.mock.calls.length
    expect(submitted).toBeGreaterThan(20)
    expect(late.submit.mock.calls.every(([lists]) => lists.length === 0)).toBe(true)
    await vi.advanceTimersByTimeAsync(60)
    await second
    expect(late.submit.mock.calls.length).toBeGreaterThan(submitted + 10)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('submit nothing if a queue reports at once, also after one long pause of the machine', async () => {
    const prompt = queueWith(300, 1, 1, 500)
    const waits = await open(prompt)
    const wait = waits.workDone()
    await vi.runAllTimersAsync()
    await wait
    expect(prompt.submit).not.toHaveBeenCalled()
  })

  it('stop submitting when an answer fails', async () => {
    const waits = await open(queueWith(100))
    const buffer = { mapAsync: () => Promise.reject(new Error('gone')) } as unknown as GPUBuffer
    await expect(waits.map(buffer)).rejects.toMatchObject({ code: 'device_lost' })
    expect(vi.getTimerCount()).toBe(0)
  })
})

const REQUEST = {
  input: { messages: [{ role: 'user' as const, content: 'What is 347 + 586?' }] },
  sampling: GREEDY,
  maxTokens: 40,
}

describeOnAdapters(
  'late reports',
  (adapter) => {
    it('leave an answer as it is, and are not waited for', async () => {
      const prompt = await openModel(LANTERNFISH, adapter)
      const expected = await runRequest(prompt, REQUEST)
      prompt.destroy()
      const { gpu, reported } = await openLateGpu(adapter)
      const engine = await openModel(LANTERNFISH, adapter, { gpu })
      expect(reported.timer).toBeGreaterThanOrEqual(2) // opening found out
      for await (const event of engine.generate(REQUEST)) if (event.type === 'delta') break // two steps ahead
      reported.submission = reported.timer = 0
      expect((await runRequest(engine, REQUEST)).ids).toEqual(expected.ids)
      expect(reported.submission).toBeGreaterThan(expected.ids.length / 2)
      expect(reported.timer).toBeLessThan(expected.ids.length / 2)
      engine.destroy()
    })

    it('fail an answer whose device is destroyed, and only where it is awaited', async () => {
      const engine = await openModel(LANTERNFISH, adapter)
      const events = engine.generate(REQUEST)
      await events.next()
      engine.destroy()
      await new Promise((resolve) => setTimeout(resolve)) // an unhandled rejection would end the run here
      await expect(events.next()).rejects.toMatchObject({ code: 'device_lost' })
    })
  },
  ADAPTER_KINDS.slice(0, 1),
)
