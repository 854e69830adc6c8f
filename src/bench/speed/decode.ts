// Answers: how fast is a whole token, as a share of the time in which the adapter could read and multiply its weights at best?
// It must not know how a model is loaded.
import type { Format } from '../../gpu/matrix.ts'
import { type Spread, spreadOf } from '../../lib/spread.ts'
import { weightsCeiling } from '../kernels/ceilings.ts'
import { Room } from '../kernels/room.ts'
import type { Bench } from '../kernels/run.ts'
import type { Decoder } from './decoder.ts'

export interface DecodeRow {
  readonly token: Spread // milliseconds
  readonly tokensPerSecond: number
  readonly bytes: number // of weights that a token reads
  readonly gbPerSecond: number
  /** Milliseconds that the ceilings of the formats take for the same bytes. */
  readonly ceilingMs: number
  readonly share: number
  readonly encodeMs: number // JavaScript's part of a token; this and its share by the wall clock
  readonly encodeShare: number
  readonly dispatches: number
  readonly formats: Readonly<
    Partial<Record<Format, { readonly bytes: number; readonly gbPerSecond: number }>>
  >
}

export interface DecodeOptions {
  readonly steps: number // of one measurement
  readonly repetitions: number
  readonly roundBytes: number
}

/** Times runs of decode steps in turn with the ceiling of each format that they read. */
export async function benchDecode(
  bench: Bench,
  decoder: Decoder,
  options: DecodeOptions,
): Promise<DecodeRow> {
  const room = new Room(bench.device)
  const clock = bench.clock ?? (() => performance.now())
  const formats = Object.entries(decoder.activeBytes) as [Format, number][]
  const ceilings = []
  for (const [format, bytes] of formats) {
    const most = await weightsCeiling(room, bench, format, options.roundBytes)
    await most.run.settle()
    ceilings.push({ format, bytes, most, times: [] as number[] })
  }
  const tokens: number[] = []
  const encodes: number[] = []
  const walls: number[] = []
  for (let i = 0; i < options.repetitions; i++) {
    const [started, began] = [clock(), performance.now()]
    encodes.push((await decoder.run(options.steps)) / options.steps)
    tokens.push((clock() - started) / options.steps)
    walls.push((performance.now() - began) / options.steps)
    for (const { most, times } of ceilings) times.push(await most.run.time())
  }
  const rated = ceilings.map(({ format, bytes, most, times }) => {
    most.run.free()
    return { format, bytes, gbPerSecond: most.bytes / spreadOf(times).ms / 1e6 }
  })
  room.free()
  const token = spreadOf(tokens)
  const bytes = formats.reduce((sum, [, each]) => sum + each, 0)
  const ceilingMs = rated.reduce((sum, each) => sum + each.bytes / each.gbPerSecond / 1e6, 0)
  const encodeMs = spreadOf(encodes).ms
  return {
    token,
    tokensPerSecond: 1000 / token.ms,
    bytes,
    gbPerSecond: bytes / token.ms / 1e6,
    ceilingMs,
    share: ceilingMs / token.ms,
    encodeMs,
    encodeShare: encodeMs / spreadOf(walls).ms,
    dispatches: decoder.dispatches,
    formats: Object.fromEntries(rated.map(({ format, ...rest }) => [format, rest])),
  }
}
