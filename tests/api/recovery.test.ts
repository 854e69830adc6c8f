// Tests of a worker that fails while a model answers. Comlink and the MessageChannel are real; only the
// engine replays a recording.
import { expect, test, vi } from 'vitest'
import { loadModel } from '../../src/api/load.ts'
import type { ModelStatus } from '../../src/api/status.ts'
import { replayEngine } from './recorded.ts'
import { workerOf } from './worker-of.ts'

const MESSAGES = [{ role: 'user', content: 'Who are you?' }] as const

test('another worker takes the place of one that fails, and goes on with its answers', async () => {
  const failing = (worker: Worker) =>
    worker.dispatchEvent(Object.assign(new Event('error'), { message: 'out of stack' }))
  const [first, second] = [replayEngine(), replayEngine()]
  const replays = [first, second]
  const started: Worker[] = []
  const worker = () => {
    const replay = replays[started.length]
    if (!replay) throw new Error('no third worker')
    started.push(workerOf(async () => replay.engine).worker())
    return started.at(-1) as Worker
  }
  const statuses: string[] = []
  const onStatus = ({ state }: ModelStatus) => statuses.push(state)
  const model = await loadModel('https://example.test/models/lanternfish', { worker, onStatus })
  const request = { messages: MESSAGES, temperature: 0 } as const
  const stream = await model.chat.completions.create({ ...request, stream: true })
  await stream.next() // the role
  await stream.next()
  failing(started[0] as Worker)
  for await (const _ of stream);
  const [asked] = first.requests
  expect(second.requests).toEqual([{ ...asked, resume: [301] }])
  expect(statuses).toEqual(['recovering', 'ready'])
  const waiting = model.tokenize('a')
  waiting.catch(() => {})
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  failing(started[1] as Worker)
  while (statuses.at(-1) !== 'lost') await vi.advanceTimersByTimeAsync(500)
  vi.useRealTimers()
  await expect(waiting).rejects.toMatchObject({ code: 'unsupported' }) // there is no third worker
  expect(await model.lost).toMatchObject({ code: 'unsupported' })
  await model.unload()
})
