// Tests of `useModel` in React's strict mode, with the real `loadModel` over replayed engines.
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { describe, expect, it, vi } from 'vitest'
import { HadalError } from '../../src/lib/error.ts'
import { type UseModelOptions, useModel } from '../../src/react/index.ts'
import { replayEngine } from '../api/recorded.ts'
import { workerOf } from '../api/worker-of.ts'
import { renderHook } from '../support/react.ts'
import { MODEL_URL } from '../support/recorded-model.ts'

type Open = Parameters<typeof workerOf>[0]

/** A `worker` option that logs when a worker begins, has loaded and ends. */
function workers(open?: Open) {
  const log: string[] = []
  const load: Open = async () => {
    log.push('loaded')
    return replayEngine().engine
  }
  const worker = () => {
    log.push('begins')
    const worker = workerOf(open ?? load).worker()
    const terminate = worker.terminate.bind(worker)
    return Object.assign(worker, {
      terminate: () => {
        log.push('ends')
        terminate()
      },
    })
  }
  return { log, worker }
}

const statusesOf = (rendered: readonly { status: string }[]) =>
  rendered.map(({ status }) => status).filter((status, index, all) => status !== all[index - 1])

describe('useModel', () => {
  it('loads once in strict mode, and unloads with the component', async () => {
    const { log, worker } = workers()
    const hook = renderHook(() => useModel(MODEL_URL, { worker }))
    await vi.waitFor(() => expect(hook.current.status).toBe('ready'))
    const { model } = hook.current
    expect(model?.info.name).toBe('Lanternfish')
    expect(statusesOf(hook.rendered)).toEqual(['idle', 'loading', 'ready'])
    hook.unmount()
    await vi.waitFor(() => expect(log).toEqual(['begins', 'loaded', 'ends']))
    await expect(model?.gpuBytes()).rejects.toMatchObject({ code: 'aborted' })
  })

  it('keeps the model with the same options, and changes it with a value or the source', async () => {
    const { log, worker } = workers()
    const of = (source: string, options: UseModelOptions) => () => useModel(source, { ...options, worker })
    const hook = renderHook(of(MODEL_URL, { contextLength: 512 }))
    await vi.waitFor(() => expect(hook.current.status).toBe('ready'))
    const first = hook.current.model
    hook.rerender(of(MODEL_URL, { contextLength: 512 }))
    await vi.waitFor(() => expect(hook.rendered.length).toBeGreaterThan(4))
    expect(hook.current.model).toBe(first)
    hook.rerender(of(MODEL_URL, { contextLength: 256 }))
    await vi.waitFor(() => expect(hook.current.model).not.toBe(first))
    await vi.waitFor(() => expect(hook.current.status).toBe('ready'))
    hook.rerender(of('https://example.test/models/other', { contextLength: 256 }))
    await vi.waitFor(() => expect(log).toHaveLength(8))
    expect(log).toEqual(['begins', 'loaded', 'ends', 'begins', 'loaded', 'ends', 'begins', 'loaded'])
    hook.unmount()
  })

  it('aborts a load when the component goes', async () => {
    const { log, worker } = workers(() => new Promise(() => {}))
    const hook = renderHook(() => useModel(MODEL_URL, { worker }))
    await vi.waitFor(() => expect(log).toEqual(['begins']))
    hook.unmount()
    await vi.waitFor(() => expect(log).toEqual(['begins', 'ends']))
  })

  it('waits for load() with auto: false, and for a source', async () => {
    const { log, worker } = workers()
    const hook = renderHook(() => useModel(MODEL_URL, { worker, auto: false }))
    await vi.waitFor(() => expect(hook.current.status).toBe('idle'))
    hook.current.load()
    await vi.waitFor(() => expect(hook.current.status).toBe('ready'))
    hook.current.load()
    hook.current.unload()
    await vi.waitFor(() => expect(hook.current.status).toBe('idle'))
    expect(hook.current.model).toBeUndefined()
    await vi.waitFor(() => expect(log).toEqual(['begins', 'loaded', 'ends']))
    hook.unmount()
    const none = renderHook(() => useModel(null, { worker }))
    await vi.waitFor(() => expect(none.current.status).toBe('idle'))
    none.unmount()
    expect(log).toHaveLength(3)
  })

  it('reports why a load failed, and loads again', async () => {
    const { worker } = workers(() => Promise.reject(new HadalError('bad_file', 'It ends too early.')))
    const good = workers()
    let start = worker
    const hook = renderHook(() => useModel(MODEL_URL, { worker: start }))
    await vi.waitFor(() => expect(hook.current.status).toBe('error'))
    expect(hook.current.error).toMatchObject({ code: 'bad_file' })
    start = good.worker
    hook.current.reload()
    await vi.waitFor(() => expect(hook.current.status).toBe('ready'))
    expect(hook.current.error).toBeUndefined()
    hook.unmount()
  })

  it('recovers when the GPU is lost, says when that fails, and loads it again', async () => {
    const engines: ReturnType<typeof replayEngine>[] = []
    let broken = false
    const { worker } = workers(async () => {
      if (broken) throw new HadalError('no_webgpu', 'No adapter.')
      engines.push(replayEngine())
      return (engines.at(-1) ?? replayEngine()).engine
    })
    const hook = renderHook(() => useModel(MODEL_URL, { worker }))
    await vi.waitFor(() => expect(hook.current.status).toBe('ready'))
    const { model } = hook.current
    engines[0]?.lose(new HadalError('device_lost', 'The GPU went away.'))
    await vi.waitFor(() => expect(engines).toHaveLength(2))
    await vi.waitFor(() => expect(hook.current).toMatchObject({ status: 'ready', model }))
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    broken = true
    engines[1]?.lose(new HadalError('device_lost', 'The GPU went away.'))
    const reason = { code: 'device_lost' }
    await vi.waitFor(() => expect(hook.current).toMatchObject({ status: 'recovering', model, error: reason }))
    while (hook.current.status !== 'lost') await vi.advanceTimersByTimeAsync(500)
    vi.useRealTimers()
    expect(hook.current).toMatchObject({ model: undefined, error: { code: 'no_webgpu' } })
    broken = false
    hook.current.reload()
    await vi.waitFor(() => expect(hook.current.status).toBe('ready'))
    hook.unmount()
  })

  it('renders on a server without loading', () => {
    const { log, worker } = workers()
    const Page = () => useModel(MODEL_URL, { worker }).status
    expect(renderToString(createElement(Page))).toBe('idle')
    expect(log).toEqual([])
  })
})
