// Tests of streams over a real MessageChannel: order, abort, unread answers, one request at a time, errors.
import { expect, test } from 'vitest'
import { EventReceiver } from '../../src/api/receiver.ts'
import type { GenerateEvent, GenerateRequest } from '../../src/engine/types.ts'
import { HadalError } from '../../src/lib/error.ts'
import { engineHost } from '../../src/worker/host.ts'
import type { RemoteEngine } from '../../src/worker/protocol.ts'
import { sendStream } from '../../src/worker/sender.ts'
import { noMeasure, noPlan, replayEngine, WHO_ARE_YOU } from './recorded.ts'

async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const event of events) list.push(event)
  return list
}

function generate(host: RemoteEngine, prompt: string, signal?: AbortSignal): EventReceiver<GenerateEvent> {
  const { port1, port2 } = new MessageChannel()
  host.generate({ input: { prompt } } satisfies GenerateRequest, port2)
  return new EventReceiver<GenerateEvent>(port1, { signal })
}

async function hostOf(events?: readonly GenerateEvent[]) {
  const replay = replayEngine(events)
  const host = engineHost({ open: async () => replay.engine, plan: noPlan, measure: noMeasure })
  await host.load({ modelSource: { url: 'https://example.test/' } }, () => {})
  return { host, ...replay }
}

const manyDeltas = Array.from(
  { length: 300 },
  (_, index) => ({ ...WHO_ARE_YOU[0], tokens: index }) as GenerateEvent,
)

test('all events arrive in order', async () => {
  const { host } = await hostOf(manyDeltas)
  expect(await collect(generate(host, 'a'))).toEqual(manyDeltas)
})

test('an unread stream holds nothing up, and can be read later', async () => {
  const { host } = await hostOf(manyDeltas)
  const events = generate(host, 'a')
  await events.next()
  expect(await collect(generate(host, 'b'))).toHaveLength(manyDeltas.length)
  expect(await collect(events)).toHaveLength(manyDeltas.length - 1)
})

test('requests run one at a time, in the order of the calls', async () => {
  const { host, log } = await hostOf()
  await Promise.all(['a', 'b', 'c'].map((prompt) => collect(generate(host, prompt))))
  expect(log.filter((line) => !line.startsWith('event'))).toEqual(
    ['a', 'b', 'c'].flatMap((prompt) => [`start ${prompt}`, `stop ${prompt}`]),
  )
})

test('an abort rejects at once and lets the next request run', async () => {
  const { host, log } = await hostOf(manyDeltas)
  const abort = new AbortController()
  const events = generate(host, 'a', abort.signal)
  await events.next()
  const waiting = collect(events)
  abort.abort(new Error('enough'))
  await expect(waiting).rejects.toMatchObject({ code: 'aborted', cause: { message: 'enough' } })
  await collect(generate(host, 'b'))
  expect(log.indexOf('stop a')).toBeLessThan(log.indexOf('start b'))
  expect(log.filter((line) => line === 'event a').length).toBeLessThan(100)
})

test('leaving the loop cancels, also while the request still waits', async () => {
  const { host, log } = await hostOf(manyDeltas)
  const first = generate(host, 'a')
  const second = generate(host, 'b')
  const third = generate(host, 'c')
  await second.return()
  for await (const _ of first) break
  await third.next()
  await third.return()
  expect(log).not.toContain('start b')
  expect(log).toContain('stop a')
})

test('an error keeps its code, file, tensor and hint', async () => {
  const { port1, port2 } = new MessageChannel()
  const details = { hint: 'Start a new chat.', file: 'config.json', tensor: 'x' }
  // biome-ignore lint/correctness/useYield: a stream that fails at once
  void sendStream(port2, async function* () {
    throw new HadalError('context_full', 'Too long.', details)
  })
  const failed = await collect(new EventReceiver(port1)).catch((error: unknown) => error)
  expect(failed).toBeInstanceOf(HadalError)
  expect(failed).toMatchObject({ code: 'context_full', message: 'Too long.', ...details })
})

test('an unforeseen error is internal and has its stack as the cause', async () => {
  const { port1, port2 } = new MessageChannel()
  // biome-ignore lint/correctness/useYield: a stream that fails at once
  void sendStream(port2, async function* () {
    throw new TypeError('x is not a function')
  })
  const failed = await collect(new EventReceiver(port1)).catch((error: unknown) => error)
  expect(failed).toMatchObject({ code: 'internal', message: 'TypeError: x is not a function' })
  expect(String((failed as HadalError).cause)).toContain('stream.test')
})

test('a reader rejects when the worker ends', async () => {
  const { port1 } = new MessageChannel()
  const ended = new AbortController()
  const waiting = new EventReceiver(port1, { ended: ended.signal }).next()
  ended.abort(new HadalError('device_lost', 'The GPU went away.'))
  await expect(waiting).rejects.toMatchObject({ code: 'device_lost' })
})
