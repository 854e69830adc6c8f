// Tests of starting workers where that is impossible. Node has no Worker, like service and shared workers.
import { expect, test } from 'vitest'
import { isSupported, loadModel, plan, storedModels } from '../../src/index.ts'
import { HadalError } from '../../src/lib/error.ts'

test.each([
  ['loadModel', () => loadModel('http://localhost:1/m/')],
  ['plan', () => plan('http://localhost:1/m/')],
  ['storedModels', () => storedModels()],
])('without workers %s says so and names hadal/core', async (_, call) => {
  const error: unknown = await call().catch((failure: unknown) => failure)
  expect(error).toBeInstanceOf(HadalError)
  expect(error).toMatchObject({ code: 'unsupported', hint: expect.stringContaining('hadal/core') })
})

test('a page can ask before', async () => expect(await isSupported()).toBe(false))

test('what the worker option throws is the cause, with what to do', async () => {
  const worker = (): Worker => {
    throw new DOMException('Refused to create a worker', 'SecurityError')
  }
  Object.assign(globalThis, { Worker: class {} })
  const error: unknown = await loadModel('http://localhost:1/m/', { worker }).catch((failure) => failure)
  Reflect.deleteProperty(globalThis, 'Worker')
  expect(error).toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('Refused to create a worker'),
    hint: expect.stringContaining('`worker: () =>'),
  })
})
