// Tests of loadModel and plan: progress, answers, cancelling, unloading. Comlink and the MessageChannel are
// real; only the engine replays a recording.
import { expect, test, vi } from 'vitest'
import { type LoadOptions, loadModel } from '../../src/api/load.ts'
import { type PlanOptions, plan } from '../../src/api/plan.ts'
import type { LoadPlan, LoadProgress } from '../../src/engine/types.ts'
import { HadalError } from '../../src/lib/error.ts'
import type { HostedEngine, MeasureCaches, OpenEngine } from '../../src/worker/host.ts'
import type { WorkerLoadRequest } from '../../src/worker/protocol.ts'
import { BENCH_EVENTS, noPlan, replayEngine } from './recorded.ts'
import { workerOf } from './worker-of.ts'

const MESSAGES = [{ role: 'user', content: 'Who are you?' }] as const
const MODEL_URL = 'https://example.test/models/lanternfish'

const noEngine: OpenEngine<HostedEngine> = () => Promise.reject(new Error('a plan does not load an engine'))

async function replayed() {
  const replay = replayEngine()
  const { state, worker: start } = workerOf(async () => replay.engine)
  const worker = start()
  return { ...replay, state, worker, model: await loadModel(MODEL_URL, { worker: () => worker }) }
}

test('loads with progress, then completes a chat', async () => {
  const { engine, requests } = replayEngine()
  const options = { contextLength: 512, cache: 'f32', config: { rope_theta: 5e5 } } as const
  const phases: string[] = []
  const { worker } = workerOf(async (request, { onProgress }) => {
    expect(request).toEqual<WorkerLoadRequest>({
      modelSource: { url: `${MODEL_URL}/` },
      ...options,
    })
    const progress = {
      bytes: 1,
      totalBytes: 2,
      bytesPerSecond: 3,
      secondsLeft: Number.NaN,
      file: 'model.safetensors',
      fileBytes: 1,
      fileTotalBytes: 2,
      kernels: 0,
      totalKernels: 0,
    }
    onProgress({ phase: 'upload', ...progress })
    onProgress({ phase: 'ready', ...progress })
    return engine
  })
  const fractions: number[] = []
  const onProgress = ({ phase, secondsLeft, fraction }: LoadProgress) => {
    phases.push(`${phase} ${secondsLeft}`)
    fractions.push(fraction)
  }
  const model = await loadModel(MODEL_URL, { worker, onProgress, ...options })
  expect(phases).toEqual(['upload NaN', 'ready NaN'])
  expect(fractions).toEqual([expect.closeTo(0, 1), 1])
  expect(model.info.name).toBe('Lanternfish')
  expect(await model.gpuBytes()).toEqual({ weights: 10_000_000, kv: 73_728, total: 10_073_728 })
  const answer = await model.chat.completions.create({ messages: MESSAGES, temperature: 0, thinking: true })
  expect(answer.choices[0]?.message.content).toBe('I am Lanternfish 🐟.')
  const sampling = { temperature: 0, seed: expect.any(Number) } // fixed, in case an answer is gone on with
  expect(requests).toEqual([{ input: { messages: MESSAGES }, sampling, thinking: true }])
  await model.unload()
})

test('refuses options that would do nothing', async () => {
  const { worker } = workerOf(noEngine)
  const files = [new File(['{}'], 'config.json')]
  for (const options of [
    { worker, contextLenght: 5 },
    { worker, keep: 'files' },
  ] as const)
    await expect(loadModel(files, options)).rejects.toMatchObject({ code: 'bad_request' })
})

test('streams a completion, and leaving the loop stops the engine', async () => {
  const { model, log } = await replayed()
  const stream = await model.chat.completions.create({ messages: MESSAGES, stream: true })
  let text = ''
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? ''
    if (text.includes('Lantern')) break
  }
  expect(text).toBe('I am Lanternfish')
  await vi.waitFor(() => expect(log).toContain('stop chat'))
  await model.unload()
})

test('a wrong argument rejects before the engine runs', async () => {
  const { model, log } = await replayed()
  await expect(model.chat.completions.create({ messages: MESSAGES, top_p: 2 })).rejects.toMatchObject({
    code: 'bad_request',
  })
  expect(log).toEqual([])
  await model.unload()
})

test('a failed load rejects with the error and ends the worker', async () => {
  const { state, worker } = workerOf(async () => {
    throw new HadalError('bad_file', 'It ends too early.', {
      file: 'model.safetensors',
      tensor: 'lm_head.weight',
    })
  })
  await expect(loadModel(MODEL_URL, { worker })).rejects.toMatchObject({
    code: 'bad_file',
    file: 'model.safetensors',
    tensor: 'lm_head.weight',
  })
  expect(state.terminated).toBe(true)
})

test('a load can be cancelled', async () => {
  const abort = new AbortController()
  const { state, worker } = workerOf((_, { signal }) => {
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new HadalError('aborted', 'Cancelled.')))
      abort.abort()
    })
  })
  await expect(loadModel(MODEL_URL, { worker, signal: abort.signal })).rejects.toMatchObject({
    code: 'aborted',
  })
  expect(state.terminated).toBe(true)
})

test('a load does not wait until the browser has been allowed to store persistently', async () => {
  const persist = vi.fn(() => new Promise<boolean>(() => {}))
  vi.stubGlobal('navigator', { storage: { persist } })
  const { worker } = workerOf(async () => replayEngine().engine)
  const model = await loadModel(MODEL_URL, { keep: 'files', worker })
  expect(persist).toHaveBeenCalledOnce()
  await model.unload()
  vi.unstubAllGlobals()
})

test('calls that wait settle when the model is unloaded, also twice at once', async () => {
  const { model } = await replayed()
  const waiting = [model.unload(), model.gpuBytes(), model.unload()]
  expect(await Promise.allSettled(waiting)).toMatchObject([
    { status: 'fulfilled' },
    { status: expect.stringMatching(/filled|rejected/) },
    { status: 'fulfilled' },
  ])
  await expect(model.gpuBytes()).rejects.toMatchObject({ code: 'aborted' })
})

test('a benchmark rejects settings that cannot be cloned', async () => {
  const { model } = await replayed()
  const settings = { steps: (() => 3) as unknown as number }
  await expect(drain(model.benchmark(settings))).rejects.toMatchObject({ code: 'bad_request' })
  await model.unload()
})

test('unloading destroys the engine and rejects open streams and later requests', async () => {
  const { model, log, state } = await replayed()
  const stream = await model.chat.completions.create({ messages: MESSAGES, stream: true })
  await model.unload()
  await model.unload()
  expect(log).toContain('destroy')
  expect(state.terminated).toBe(true)
  await expect(drain(stream)).rejects.toMatchObject({ code: 'aborted' })
  await expect(model.chat.completions.create({ messages: MESSAGES })).rejects.toMatchObject({
    code: 'aborted',
  })
})

test('a benchmark yields its events, and a request waits for it', async () => {
  const { engine, log } = replayEngine()
  const measure: MeasureCaches<HostedEngine> = async function* (_, settings) {
    log.push(`measure ${settings.steps}`)
    yield* BENCH_EVENTS
    log.push('measured')
  }
  const { worker } = workerOf(async () => engine, noPlan, measure)
  const model = await loadModel(MODEL_URL, { worker })
  const measuring = drain(model.benchmark({ steps: 3 }))
  await model.chat.completions.create({ messages: MESSAGES })
  expect(await measuring).toEqual(BENCH_EVENTS)
  expect(log.slice(0, 3)).toEqual(['measure 3', 'measured', 'start chat'])
})

test('a cancelled benchmark rejects and lets the next request run', async () => {
  const abort = new AbortController()
  const measure: MeasureCaches<HostedEngine> = async function* (_, __, signal) {
    yield* BENCH_EVENTS.slice(0, 1)
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  }
  const { worker } = workerOf(async () => replayEngine().engine, noPlan, measure)
  const model = await loadModel(MODEL_URL, { worker })
  const events = model.benchmark({}, { signal: abort.signal })
  expect((await events.next()).value).toEqual(BENCH_EVENTS[0])
  abort.abort()
  await expect(events.next()).rejects.toMatchObject({ code: 'aborted' })
  expect((await model.chat.completions.create({ messages: MESSAGES })).choices).toHaveLength(1)
})

test('model.lost resolves when the device is lost', async () => {
  const { model, lose } = await replayed()
  lose(new HadalError('device_lost', 'The GPU went away.', { hint: 'Load again.' }))
  expect(await model.lost).toMatchObject({ code: 'device_lost', hint: 'Load again.' })
  await model.unload()
})

test('plans in a worker of its own, with the options of a load', async () => {
  const planned: LoadPlan = {
    name: 'Lanternfish',
    architecture: 'deepseek_v3',
    files: [{ name: 'model.safetensors', bytes: 10 }],
    downloadBytes: 10,
    bytesByType: { BF16: 10 },
    parameters: 5,
    unsupported: [],
    notices: [],
    fits: 'unknown',
    choices: [{ quantize: 'none', totalBytes: 20, fits: true }],
    auto: 'none',
  }
  const { state, worker } = workerOf(noEngine, async (request) => {
    expect(request).toEqual<WorkerLoadRequest>({
      modelSource: { hub: 'hf:someone/lanternfish@v2', token: 'secret' },
      contextLength: 512,
      cache: 'fp8',
      matmulPrecision: 'i8',
      prefillChunk: 128,
      quantize: { experts: 'q4' },
      memoryBytes: 1e9,
    })
    return planned
  })
  const options: PlanOptions = {
    contextLength: 512,
    cache: 'fp8',
    matmulPrecision: 'i8',
    prefillChunk: 128,
    quantize: { experts: 'q4' },
    memoryBytes: 1e9,
    token: 'secret',
  }
  expect(await plan('hf:someone/lanternfish@v2', { worker, ...options })).toEqual(planned)
  expect(state.terminated).toBe(true)
})

test('a plan that fails or is cancelled rejects with the error and ends the worker', async () => {
  const failing = workerOf(noEngine, async () => {
    throw new HadalError('not_found', 'config.json is missing.', { file: 'config.json' })
  })
  await expect(plan(MODEL_URL, { worker: failing.worker })).rejects.toMatchObject({
    code: 'not_found',
    file: 'config.json',
  })
  expect(failing.state.terminated).toBe(true)
  const abort = new AbortController()
  const cancelled = workerOf(noEngine, (_, { signal }) => {
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new HadalError('aborted', 'Cancelled.')))
      abort.abort()
    })
  })
  const planning = plan(MODEL_URL, { worker: cancelled.worker, signal: abort.signal })
  await expect(planning).rejects.toMatchObject({ code: 'aborted' })
  expect(cancelled.state.terminated).toBe(true)
})

test.each<[string, LoadOptions]>([
  ['http://', {}],
  [MODEL_URL, { contextLength: 0 }],
  [MODEL_URL, { cache: 'f8' as 'f16' }],
  [MODEL_URL, { matmulPrecision: 'f8' as 'f16' }],
  [MODEL_URL, { prefillChunk: 1.5 }],
  [MODEL_URL, { memoryBytes: -1 }],
  [MODEL_URL, { quantize: 4 as unknown as 'q4' }],
])('loadModel(%j, %j) and its plan are refused', async (source, options) => {
  await expect(loadModel(source, options)).rejects.toMatchObject({ code: 'bad_request' })
  await expect(plan(source, options)).rejects.toMatchObject({ code: 'bad_request' })
})

async function drain<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const events: T[] = []
  for await (const event of stream) events.push(event)
  return events
}
