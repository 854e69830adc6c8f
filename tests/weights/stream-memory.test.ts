// Answers: does a model of 5 GB stream through within bounded memory? From a real server in another process.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { openHttp } from '../../src/weights/http.ts'
import type { TensorEntry } from '../../src/weights/safetensors.ts'
import type { Source } from '../../src/weights/source.ts'
import { streamTensors } from '../../src/weights/stream.ts'

const mebibyte = 2 ** 20
const shardBytes = 1.25e9
const shards = 4
const tensorsPerShard = 7

let server: ChildProcess | undefined
afterEach(() => server?.kill())

async function startServer(): Promise<string> {
  server = spawn(process.execPath, [join(import.meta.dirname, 'endless-server.mjs'), String(shardBytes)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(server.stdout ?? server, 'data')
  return String(line).trim()
}

/** Tensors of odd lengths that cover every shard. */
function tensors(): TensorEntry[] {
  const cut = (i: number) => Math.floor((shardBytes * i) / tensorsPerShard)
  return Array.from({ length: shards * tensorsPerShard }, (_, i) => {
    const file = `shard-${Math.floor(i / tensorsPerShard)}`
    const [start, end] = [cut(i % tensorsPerShard), cut((i % tensorsPerShard) + 1)]
    return { name: `tensor ${i}`, dtype: 'U8', shape: [end - start], file, start, end }
  })
}

test('5 GB: at most 128 MiB in flight, less than 200 MiB more memory', async () => {
  const http = openHttp(await startServer())
  let inFlight = 0
  let mostInFlight = 0
  const source: Source = {
    ...http,
    readInto(path, start, into, signal) {
      inFlight += into.length
      mostInFlight = Math.max(mostInFlight, inFlight)
      return http.readInto(path, start, into, signal)
    },
  }
  const used = () => process.memoryUsage().heapUsed + process.memoryUsage().external
  const before = used()
  let most = 0
  let wrong = 0
  const byteAt = (at: number) => ((at % 1_000_003) * 7) % 251
  await streamTensors(source, tensors(), async (entry, offset, bytes) => {
    const first = entry.start + offset
    if (bytes[0] !== byteAt(first) || bytes.at(-1) !== byteAt(first + bytes.length - 1)) wrong++
    most = Math.max(most, used() - before)
    await new Promise(setImmediate)
    inFlight -= bytes.length
  })
  const seen = { inFlightMiB: mostInFlight / mebibyte, growthMiB: Math.round(most / mebibyte) }
  console.info('streaming 5 GB took at most', seen)
  expect([wrong, inFlight]).toEqual([0, 0])
  expect(seen.inFlightMiB).toBeLessThanOrEqual(128)
  expect(seen.growthMiB).toBeLessThan(200)
}, 300_000)
