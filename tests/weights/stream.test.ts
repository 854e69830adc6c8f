// Tests of tensor streaming: every requested byte once and in order, with bounded memory and parallelism.
import { afterEach, describe, expect, test } from 'vitest'
import { openHttp } from '../../src/weights/http.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { planRanges } from '../../src/weights/ranges.ts'
import { createRateMeter } from '../../src/weights/rate-meter.ts'
import { readHeader, type TensorEntry } from '../../src/weights/safetensors.ts'
import type { Source } from '../../src/weights/source.ts'
import { streamTensors } from '../../src/weights/stream.ts'
import { seededRandom } from '../support/numbers.ts'
import { type FileServer, startFileServer, wholeFilesOnly } from './file-server.ts'
import { makeSafetensors, noise } from './make-safetensors.ts'

const SIZES = [1, 300, 0, 4096, 70_001, 12, 255, 256, 257, 2_000_000, 9, 500_000]
const contents = new Map<string, Uint8Array<ArrayBuffer>>()
const files: Record<string, Uint8Array<ArrayBuffer>> = {}
for (const file of ['x.safetensors', 'y.safetensors']) {
  const tensors: Record<string, readonly ['U8', readonly number[], Uint8Array<ArrayBuffer>]> = {}
  for (const [i, bytes] of SIZES.entries()) {
    const data = noise(bytes, i)
    contents.set(`${file}/${i}`, data)
    tensors[`${file}/${i}`] = ['U8', [bytes], data]
  }
  files[file] = makeSafetensors(tensors)
}
const memory = openMemory(files)
const headers = await Promise.all(Object.keys(files).map((file) => readHeader(memory, file)))
const all = headers.flatMap((header) => header.entries)

let server: FileServer | undefined
afterEach(() => server?.close())

/** Streams, and checks that exactly the requested bytes are delivered, once and in order. */
async function collect(
  source: Source,
  tensors: readonly TensorEntry[],
  options: Parameters<typeof streamTensors>[3],
) {
  const done = new Map<string, number>()
  const reports: number[] = []
  await streamTensors(
    source,
    tensors,
    async (entry, offset, bytes) => {
      expect([entry.name, offset]).toEqual([entry.name, done.get(entry.name) ?? 0])
      expect(offset % 256).toBe(0)
      const expected = contents.get(entry.name)?.subarray(offset, offset + bytes.length) ?? noise(0, 0)
      expect(Buffer.compare(bytes, expected)).toBe(0)
      done.set(entry.name, offset + bytes.length)
    },
    { ...options, onProgress: ({ bytes }) => reports.push(bytes) },
  )
  const nonEmpty = tensors.filter((entry) => entry.end > entry.start)
  expect(done).toEqual(new Map(nonEmpty.map((entry) => [entry.name, entry.end - entry.start])))
  expect(reports.at(-1)).toBe(nonEmpty.reduce((sum, entry) => sum + entry.end - entry.start, 0))
  expect(reports.toSorted((a, b) => a - b)).toEqual(reports)
}

describe('delivers every requested byte once and in order', () => {
  const random = seededRandom(5)
  const subset = all.filter(() => random() < 0.5).reverse()
  test.each([512, 1000, 65_536, 2 ** 23])('in ranges of %i bytes', async (rangeBytes) => {
    await collect(memory, all, { rangeBytes })
    await collect(memory, subset, { rangeBytes })
  })

  test('over HTTP, with ranges and without', async () => {
    server = await startFileServer(files)
    await collect(openHttp(server.url), all, { rangeBytes: 100_000 })
    server.intercept = wholeFilesOnly
    await collect(openHttp(server.url), all, { rangeBytes: 100_000 })
    const whole = server.log.filter((line) => /^GET \S+$/.test(line))
    expect(whole).toHaveLength(2) // one stream per file
  })
})

test('neighbours share a range; small gaps are read, large ones skipped', () => {
  const entry = (name: string, start: number, end: number): TensorEntry => ({
    ...{ name, dtype: 'U8', shape: [end - start], file: 'f' },
    ...{ start, end },
  })
  const a = entry('a', 10, 1000)
  const b = entry('b', 1100, 1200)
  const c = entry('c', 5_000_000, 5_000_100)
  const plan = planRanges([c, b, a], 65_536).map(({ start, end, slices }) => [start, end, slices.length])
  expect(plan).toEqual([
    [10, 1200, 2],
    [5_000_000, 5_000_100, 1],
  ])
  expect(() => planRanges([a, a], 65_536)).toThrow('requested twice')
})

/** A slow source that counts the reads in flight. */
function slowSource(options: { readonly failAt?: number } = {}) {
  const seen = { inFlight: 0, maxInFlight: 0, started: 0, bytes: 0 }
  const source: Source = {
    ...memory,
    async read(path, start, end, signal) {
      const turn = seen.started++
      seen.bytes += end - start
      seen.maxInFlight = Math.max(seen.maxInFlight, ++seen.inFlight)
      await new Promise((resolve) => setTimeout(resolve, options.failAt !== undefined && turn === 0 ? 30 : 2))
      seen.inFlight--
      return await memory.read(turn === options.failAt ? 'gone' : path, start, end, signal)
    },
  }
  return { seen, source }
}

test('reads six ranges at once, never more', async () => {
  const { seen, source } = slowSource()
  await collect(source, all, { rangeBytes: 50_000 })
  expect(seen.maxInFlight).toBe(6)
})

test('a slow sink limits the reads to 96 MiB in flight', async () => {
  const bytes = 2 ** 34
  const huge: TensorEntry = { name: 'huge', dtype: 'U8', shape: [bytes], file: 'huge', start: 0, end: bytes }
  const range = 32 * 2 ** 20
  let started = 0
  let delivered = 0
  let maxInFlight = 0
  const shared = new Uint8Array(range)
  const source: Source = {
    ...memory,
    async read(_, start, end) {
      maxInFlight = Math.max(maxInFlight, ++started - delivered)
      return shared.subarray(0, end - start)
    },
  }
  await streamTensors(
    source,
    [huge],
    async () => {
      await new Promise(setImmediate)
      delivered++
    },
    {
      rangeBytes: range,
      parallel: 8,
    },
  )
  expect(delivered).toBe(512)
  expect(maxInFlight).toBe(3)
})

test('a failing read stops everything at once, and names file and tensor', async () => {
  const { seen, source } = slowSource({ failAt: 3 })
  let delivered = 0
  const work = streamTensors(source, all, () => void delivered++, { rangeBytes: 50_000 })
  await expect(work).rejects.toMatchObject({ code: 'not_found', file: 'gone', tensor: 'x.safetensors/9' })
  expect([delivered, seen.inFlight]).toEqual([0, 0])
  expect(seen.started).toBeLessThan(12)
})

test('a failing sink stops the reads, and its error is thrown', async () => {
  const { seen, source } = slowSource()
  const work = streamTensors(source, all, () => Promise.reject(new Error('no room')), { rangeBytes: 50_000 })
  await expect(work).rejects.toThrow('no room')
  expect(seen.inFlight).toBe(0)
  expect(seen.started).toBeLessThan(20)
})

test('the signal stops streaming', async () => {
  const { seen, source } = slowSource()
  const controller = new AbortController()
  const sink = () => controller.abort()
  const work = streamTensors(source, all, sink, { rangeBytes: 50_000, signal: controller.signal })
  await expect(work).rejects.toMatchObject({ code: 'aborted' })
  expect(seen.inFlight).toBe(0)
  const never = streamTensors(source, all, sink, { signal: AbortSignal.abort() })
  await expect(never).rejects.toMatchObject({ code: 'aborted' })
})

test('a shard shorter than its header states is an error that names file and tensor', async () => {
  const short = openMemory({
    ...files,
    'y.safetensors': (files['y.safetensors'] ?? noise(0, 0)).subarray(0, 60_000),
  })
  await expect(streamTensors(short, all, () => undefined, { rangeBytes: 4096 })).rejects.toMatchObject({
    code: 'bad_file',
    file: 'y.safetensors',
    tensor: 'y.safetensors/4',
  })
})

test('the rate meter measures a steady rate, follows a change, and is NaN while unknown', () => {
  let ms = 0
  const meter = createRateMeter(1e6, () => ms)
  expect(meter(0)).toEqual({ bytesPerSecond: 0, secondsLeft: Number.NaN })
  for (let i = 1; i <= 50; i++) {
    ms += 100
    meter(i * 1000)
  }
  expect(meter(50_000).bytesPerSecond).toBeCloseTo(10_000, 6)
  expect(meter(50_000).secondsLeft).toBeCloseTo(95, 6)
  for (let i = 1; i <= 100; i++) {
    ms += 100
    meter(50_000 + i * 2000)
  }
  const pace = meter(250_000)
  expect(pace.bytesPerSecond).toBeGreaterThan(19_000)
  expect(pace.bytesPerSecond).toBeLessThan(20_000)
  expect(meter(1e6).secondsLeft).toBe(0)
})
