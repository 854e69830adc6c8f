// Tests that aborted requests and loads leave nothing behind: GPU memory, listeners, ports.
import { getEventListeners } from 'node:events'
import { afterAll, expect, it } from 'vitest'
import { openFolder } from '../../src/cli/node-source.ts'
import { loadModel } from '../../src/core.ts'
import { ADAPTERS, describeOnAdapters, openGpu, withDevices } from '../support/adapter.ts'
import { LANTERNFISH } from '../support/model.ts'

const CYCLES = 500
const LOADS = 20
const MESSAGES = [{ role: 'user', content: 'Count from 1 to 300.' }] as const

const openPorts = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length

const source = openFolder(LANTERNFISH)
afterAll(() => source.close())

/** Small pseudorandom integers. */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 1103515245 + 12345) % 2 ** 31
    return Math.floor((state / 2 ** 31) * below)
  }
}

describeOnAdapters(
  'aborts',
  ({ match, options: device }) => {
    it(`${CYCLES} streams that are started and aborted leave nothing behind`, async () => {
      const next = random(5)
      const model = await loadModel(source, { gpu: await openGpu(match), device })
      const owner = new AbortController() // lives as long as a component of an application
      const once = async () => {
        const abort = new AbortController()
        const signal = AbortSignal.any([owner.signal, abort.signal])
        const early = next(2) === 0
        const request = { messages: MESSAGES, stream: true, n: 1 + next(2) } as const
        const started = model.chat.completions.create(request, { signal })
        if (early) abort.abort()
        const stream = await started.catch(() => undefined)
        await stream?.next()
        abort.abort()
        await stream?.next().catch(() => {})
        expect(getEventListeners(signal, 'abort')).toEqual([])
      }
      await once()
      // The cache keeps the room that two answers at once have needed.
      for await (const _ of await model.chat.completions.create({ messages: MESSAGES, stream: true, n: 2 }))
        break
      await model.chat.completions.create({ messages: MESSAGES, max_tokens: 1 })
      const before = { bytes: await model.gpuBytes(), ports: openPorts() }
      for (let cycle = 0; cycle < CYCLES; cycle++) await once()
      await model.chat.completions.create({ messages: MESSAGES, max_tokens: 1 })
      expect(await model.gpuBytes()).toEqual(before.bytes)
      expect(openPorts()).toBe(before.ports)
      expect(getEventListeners(owner.signal, 'abort')).toEqual([])
      await model.unload()
    })

    it(`${LOADS} loads aborted at random moments reject before they report anything more`, async () => {
      const next = random(7)
      const devices: GPUDevice[] = []
      const gpu = withDevices(await openGpu(match), (opened) => {
        devices.push(opened)
        return opened
      })
      const events = await new Promise<number>((resolve) => {
        let count = 0
        void loadModel(source, { gpu, device, onProgress: () => count++ }).then((model) =>
          model.unload().then(() => resolve(count)),
        )
      })
      for (let load = 0; load < LOADS; load++) {
        const abort = new AbortController()
        let left = next(events - 1)
        let late = 0
        const onProgress = () => {
          if (abort.signal.aborted) late++
          else if (left-- === 0) abort.abort()
        }
        const error = await loadModel(source, { gpu, device, onProgress, signal: abort.signal }).catch(
          (e) => e,
        )
        expect([error.code, late]).toEqual(['aborted', 0])
        expect(getEventListeners(abort.signal, 'abort')).toEqual([])
      }
      // Every device is destroyed, at the latest when the step of work that ran has ended.
      await Promise.all(devices.map(({ lost }) => lost))
    })
  },
  ADAPTERS.filter(({ name }) => name === 'lavapipe'),
)
