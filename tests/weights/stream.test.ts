// Answers: does every wanted byte arrive once, in order, within the bounds of memory and parallelism?
import { afterEach, describe, expect, test } from 'vitest'
import { openHttp } from '../../src/weights/http.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { createMeter } from '../../src/weights/progress.ts'
import { planRanges } from '../../src/weights/ranges.ts'
import { readHeader, type TensorEntry } from '../../src/weights/safetensors.ts'
import type { Source } from '../../src/weights/source.ts'
import { streamTensors } from '../../src/weights/stream.ts'
import { type FileServer, startFileServer, wholeFilesOnly } from './file-server.ts'
import { noise, safetensorsOf, seeded } from './make-safetensors.ts'

const sizes = [1, 300, 0, 4096, 70_001, 12, 255, 256, 257, 2_000_000, 9, 500_000]
const contents = new Map<string, Uint8Array<ArrayBuffer>>()
const files: Record<string, Uint8Array<ArrayBuffer>> = {}
for (const file of ['x.safetensors', 'y.safetensors']) {
  const tensors: Record<string, readonly ['U8', readonly number[], Uint8Array<ArrayBuffer>]> = {}
  for (const [i, bytes] of sizes.entries()) {
    const data = noise(bytes, i)
    contents.set(`${file}/${i}`, data)
    tensors[`${file}/${i}`] = ['U8', [bytes], data]
  }
  files[file] = safetensorsOf(tensors)
}
const memory = openMemory(files)
const headers = await Promise.all(Object.keys(files).map((file) => readHeader(memory, file)))
const all = headers.flatMap((header) => header.entries)

let server: FileServer | undefined
afterEach(() => server?.close())

/** Streams and checks that each wanted byte comes once, in order, and nothing else does. */
async function collect(
  source: Source,
  wanted: readonly TensorEntry[],
  options: Parameters<typeof streamTensors>[3],
) {
  const done = new Map<string, number>()
  const reports: number[] = []
  await streamTensors(
    source,
    wanted,
    async (entry, offset, bytes) => {
      expect([entry.name, offset]).toEqual([entry.name, done.get(entry.name) ?? 0])
      expect(offset % 256).toBe(0)
      const expected = contents.get(entry.name)?.subarray(offset, offset + bytes.length) ?? noise(0, 0)
      expect(Buffer.compare(bytes, expected)).toBe(0)
      done.set(entry.name, offset + bytes.length)
    },
    { ...options, onProgress: ({ bytes }) => reports.push(bytes) },
  )
  const full = wanted.filter((entry) => entry.end > entry.start)
  expect(done).toEqual(new Map(full.map((entry) => [entry.name, entry.end - entry.start])))
  expect(reports.at(-1)).toBe(full.reduce((sum, entry) => sum + entry.end - entry.start, 0))
  expect(reports.toSorted((a, b) => a - b)).toEqual(reports)
}

describe('every wanted byte, once and in order', () => {
  const random = seeded(5)
  const some = all.filter(() => random() < 0.5).reverse()
  test.each([512, 1000, 65_536, 2 ** 23])('ranges of %i bytes', async (rangeBytes) => {
    await collect(memory, all, { rangeBytes })
    await collect(memory, some, { rangeBytes })
  })

  test('over HTTP, with ranges and without', async () => {
    server = await startFileServer(files)
    await collect(openHttp(server.url), all, { rangeBytes: 100_000 })
    server.mischief = wholeFilesOnly
    await collect(openHttp(server.url), all, { rangeBytes: 100_000 })
    const whole = server.log.filter((line) => line.endsWith('bytes=0-') && line.startsWith('GET'))
    expect(whole).toHaveLength(2) // one stream a file
  })
})

test('neighbours share a range, large gaps are left on disk, small ones are not worth a request', () => {
  const entry = (name: string, start: number, end: number): TensorEntry => ({
    ...{ name, dtype: 'U8', shape: [end - start], file: 'f' },
    ...{ start, end },
  })
  const a = entry('a', 10, 1000)
  const b = entry('b', 1100, 1200)
  const c = entry('c', 5_000_000, 5_000_100)
  const plan = planRanges([c, b, a], 65_536).map(({ start, end, pieces }) => [start, end, pieces.length])
  expect(plan).toEqual([
    [10, 1200, 2],
    [5_000_000, 5_000_100, 1],
  ])
  expect(() => planRanges([a, a], 65_536)).toThrow('wanted twice')
})

/** A source whose reads take a while, and that counts what is under way. */
function slowSource(options: { readonly failAt?: number } = {}) {
  const seen = { now: 0, most: 0, started: 0, bytes: 0 }
  const source: Source = {
    ...memory,
    async read(path, start, end, signal) {
      const turn = seen.started++
      seen.bytes += end - start
      seen.most = Math.max(seen.most, ++seen.now)
      await new Promise((resolve) => setTimeout(resolve, options.failAt !== undefined && turn === 0 ? 30 : 2))
      seen.now--
      return await memory.read(turn === options.failAt ? 'gone' : path, start, end, signal)
    },
  }
  return { seen, source }
}

test('six reads at once, never more', async () => {
  const { seen, source } = slowSource()
  await collect(source, all, { rangeBytes: 50_000 })
  expect(seen.most).toBe(6)
})

test('a slow sink holds the reads back at 96 MiB', async () => {
  const bytes = 2 ** 34
  const huge: TensorEntry = { name: 'huge', dtype: 'U8', shape: [bytes], file: 'huge', start: 0, end: bytes }
  const range = 32 * 2 ** 20
  let started = 0
  let delivered = 0
  let most = 0
  const shared = new Uint8Array(range)
  const source: Source = {
    ...memory,
    async read(_, start, end) {
      most = Math.max(most, ++started - delivered)
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
  expect(most).toBe(3)
})

test('a failing read stops everything, before its turn, and names file and tensor', async () => {
  const { seen, source } = slowSource({ failAt: 3 })
  let delivered = 0
  const work = streamTensors(source, all, () => void delivered++, { rangeBytes: 50_000 })
  await expect(work).rejects.toMatchObject({ code: 'not_found', file: 'gone', tensor: 'x.safetensors/9' })
  expect([delivered, seen.now]).toEqual([0, 0])
  expect(seen.started).toBeLessThan(12)
})

test('a failing sink stops the reads and its error comes through', async () => {
  const { seen, source } = slowSource()
  const work = streamTensors(source, all, () => Promise.reject(new Error('no room')), { rangeBytes: 50_000 })
  await expect(work).rejects.toThrow('no room')
  expect(seen.now).toBe(0)
  expect(seen.started).toBeLessThan(20)
})

test('the signal stops it', async () => {
  const { seen, source } = slowSource()
  const controller = new AbortController()
  const sink = () => controller.abort()
  const work = streamTensors(source, all, sink, { rangeBytes: 50_000, signal: controller.signal })
  await expect(work).rejects.toMatchObject({ code: 'aborted' })
  expect(seen.now).toBe(0)
  const never = streamTensors(source, all, sink, { signal: AbortSignal.abort() })
  await expect(never).rejects.toMatchObject({ code: 'aborted' })
})

test('a shard that is shorter than its header promised names file and tensor', async () => {
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

test('the meter knows a steady pace, follows a change and knows when it does not know', () => {
  let ms = 0
  const meter = createMeter(1e6, () => ms)
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
