// Test that streaming a model of 5 GB takes bounded memory, from a real server in another process.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { openHttp } from '../../src/weights/http.ts'
import type { TensorEntry } from '../../src/weights/safetensors.ts'
import type { Source } from '../../src/weights/source.ts'
import { streamTensors } from '../../src/weights/stream.ts'

const MIB = 2 ** 20
const SHARD_BYTES = 1.25e9
const SHARDS = 4
const TENSORS_PER_SHARD = 7

let server: ChildProcess | undefined
afterEach(() => server?.kill())

async function startServer(): Promise<string> {
  server = spawn(process.execPath, [join(import.meta.dirname, 'endless-server.mjs'), String(SHARD_BYTES)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(server.stdout ?? server, 'data')
  return String(line).trim()
}

/** Tensors of odd lengths that cover every shard. */
function tensors(): TensorEntry[] {
  const cut = (i: number) => Math.floor((SHARD_BYTES * i) / TENSORS_PER_SHARD)
  return Array.from({ length: SHARDS * TENSORS_PER_SHARD }, (_, i) => {
    const file = `shard-${Math.floor(i / TENSORS_PER_SHARD)}`
    const [start, end] = [cut(i % TENSORS_PER_SHARD), cut((i % TENSORS_PER_SHARD) + 1)]
    return { name: `tensor ${i}`, dtype: 'U8', shape: [end - start], file, start, end }
  })
}

test('streams 5 GB with at most 128 MiB in flight and less than 200 MiB of extra memory', async () => {
  const http = openHttp(await startServer())
  let inFlight = 0
  let maxInFlight = 0
  const source: Source = {
    ...http,
    readInto(path, start, into, options) {
      inFlight += into.length
      maxInFlight = Math.max(maxInFlight, inFlight)
      return http.readInto(path, start, into, options)
    },
  }
  const used = () => process.memoryUsage().heapUsed + process.memoryUsage().external
  const before = used()
  let maxGrowth = 0
  let wrong = 0
  const byteAt = (at: number) => ((at % 1_000_003) * 7) % 251
  await streamTensors(source, tensors(), async (entry, offset, bytes) => {
    const first = entry.start + offset
    if (bytes[0] !== byteAt(first) || bytes.at(-1) !== byteAt(first + bytes.length - 1)) wrong++
    maxGrowth = Math.max(maxGrowth, used() - before)
    await new Promise(setImmediate)
    inFlight -= bytes.length
  })
  const measured = { inFlightMiB: maxInFlight / MIB, growthMiB: Math.round(maxGrowth / MIB) }
  console.info('streaming 5 GB took at most', measured)
  expect([wrong, inFlight]).toEqual([0, 0])
  expect(measured.inFlightMiB).toBeLessThanOrEqual(128)
  expect(measured.growthMiB).toBeLessThan(200)
}, 300_000)
