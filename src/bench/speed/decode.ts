// Measures decode: time per token, and its fraction of the bandwidth ceiling for the weights that a token
// reads.
import type { StorageFormat } from '../../gpu/formats.ts'
import { summarizeTimes, type TimingSummary } from '../../lib/timing-summary.ts'
import { BenchBuffers } from '../kernels/buffers.ts'
import { weightsCeiling } from '../kernels/ceilings.ts'
import type { BenchContext } from '../kernels/dispatch-timer.ts'
import type { DecodeRunner } from './decoder.ts'

export interface DecodeRow {
  readonly token: TimingSummary // milliseconds
  readonly tokensPerSecond: number
  readonly bytes: number // of weights that a token reads
  readonly gbPerSecond: number
  /** Milliseconds to read the same bytes at each format's ceiling. */
  readonly ceilingMs: number
  readonly fractionOfCeiling: number
  readonly encodeMs: number // JavaScript's time per token, by the wall clock
  readonly encodeFraction: number
  readonly dispatches: number
  readonly formats: Readonly<
    Partial<Record<StorageFormat, { readonly bytes: number; readonly gbPerSecond: number }>>
  >
}

export interface DecodeOptions {
  readonly steps: number // per measurement
  readonly repetitions: number
  readonly roundBytes: number
}

/** Times decode steps, interleaved with the bandwidth ceiling of each weight format they read. */
export async function benchDecode(
  bench: BenchContext,
  decoder: DecodeRunner,
  options: DecodeOptions,
): Promise<DecodeRow> {
  const buffers = new BenchBuffers(bench.device)
  const clock = bench.clock ?? (() => performance.now())
  const formats = Object.entries(decoder.activeBytes) as [StorageFormat, number][]
  const ceilings = []
  for (const [format, bytes] of formats) {
    const ceiling = await weightsCeiling(buffers, bench, format, options.roundBytes)
    await ceiling.timer.calibrate()
    ceilings.push({ format, bytes, ceiling, times: [] as number[] })
  }
  const tokens: number[] = []
  const encodes: number[] = []
  const walls: number[] = []
  for (let i = 0; i < options.repetitions; i++) {
    const [started, wallStarted] = [clock(), performance.now()]
    encodes.push((await decoder.run(options.steps)) / options.steps)
    tokens.push((clock() - started) / options.steps)
    walls.push((performance.now() - wallStarted) / options.steps)
    for (const { ceiling, times } of ceilings) times.push(await ceiling.timer.time())
  }
  const measured = ceilings.map(({ format, bytes, ceiling, times }) => {
    ceiling.timer.free()
    return { format, bytes, gbPerSecond: ceiling.bytes / summarizeTimes(times).ms / 1e6 }
  })
  buffers.free()
  const token = summarizeTimes(tokens)
  const bytes = formats.reduce((sum, [, formatBytes]) => sum + formatBytes, 0)
  const ceilingMs = measured.reduce((sum, { bytes, gbPerSecond }) => sum + bytes / gbPerSecond / 1e6, 0)
  const encodeMs = summarizeTimes(encodes).ms
  return {
    token,
    tokensPerSecond: 1000 / token.ms,
    bytes,
    gbPerSecond: bytes / token.ms / 1e6,
    ceilingMs,
    fractionOfCeiling: ceilingMs / token.ms,
    encodeMs,
    encodeFraction: encodeMs / summarizeTimes(walls).ms,
    dispatches: decoder.dispatches,
    formats: Object.fromEntries(measured.map(({ format, ...rest }) => [format, rest])),
  }
}
