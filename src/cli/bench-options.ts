// Answers: which options do the benchmarks of the command line share? It must not know what is measured.
import type { Clock } from '../bench/kernels/run.ts'
import { type Args, type OptionTypes, oneOf, sizeOf, UsageError } from './args.ts'

/** Of everything that is timed. */
export const TIMING_OPTIONS: OptionTypes = {
  repetitions: 'number',
  clock: 'text',
  json: 'flag',
}

export const BENCH_OPTIONS: OptionTypes = { ...TIMING_OPTIONS, round: 'text' }

const ROUND_BYTES = 128 * 1024 * 1024

/** Bytes that a round reads, each once. */
export const roundOf = (args: Args): number => sizeOf(args, 'round') ?? ROUND_BYTES

/** Other programs on the same machine lengthen every time but that of this process's own work, which is all that a software adapter is. */
export const clockOf = (args: Args): Clock =>
  oneOf(args, 'clock', ['device', 'cpu'], 'device') === 'device' ? undefined : cpuMs

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** A whole number from 1 to `most`. */
export function count(args: Args, name: string, fallback: number, most: number): number {
  const value = args.number(name) ?? fallback
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value
  throw new UsageError(`--${name} must be a whole number from 1 to ${most}; it is ${value}.`)
}
