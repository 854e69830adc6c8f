// Tests that a call of the worker ends after the page has received its progress reports.
import { expect, test } from 'vitest'
import type { LoadProgress } from '../../src/engine/types.ts'
import { afterReports } from '../../src/worker/progress-order.ts'

const REPORT = { phase: 'ready' } as LoadProgress

test.each([
  ['succeeds', () => Promise.resolve('loaded')],
  ['fails', () => Promise.reject(new Error('loaded'))],
] as readonly (readonly [string, () => Promise<string>])[])(
  'a call that %s ends after its last report has been received',
  async (_, work) => {
    let receive = () => {}
    const received = new Promise<void>((resolve) => {
      receive = resolve
    })
    const ended: unknown[] = []
    const call = afterReports(
      () => received,
      (report) => {
        report(REPORT)
        return work()
      },
    ).then(
      (text) => ended.push(text),
      (error: Error) => ended.push(error.message),
    )
    await new Promise((turn) => setTimeout(turn)) // all that could end by itself has ended
    expect(ended).toEqual([])
    receive()
    await call
    expect(ended).toEqual(['loaded'])
  },
)

test('a report that the page fails to receive stops nothing', async () => {
  const work = async (report: (progress: LoadProgress) => void) => {
    report(REPORT)
    return 'loaded'
  }
  expect(await afterReports(() => Promise.reject(new Error('callback')), work)).toBe('loaded')
  expect(await afterReports(() => {}, work)).toBe('loaded')
})
