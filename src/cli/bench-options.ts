// Options that all benchmark commands share.
import type { BenchClock } from '../bench/kernels/dispatch-timer.ts'
import { byteSize, type CliArgs, type OptionKinds, oneOf, UsageError } from './args.ts'

/** Options of every command that times something. */
export const TIMING_OPTIONS: OptionKinds = {
  repetitions: 'number',
  clock: 'text',
  json: 'flag',
}

export const BENCH_OPTIONS: OptionKinds = { ...TIMING_OPTIONS, round: 'text' }

const ROUND_BYTES = 128 * 1024 * 1024

/** Bytes that one round reads, each once. */
export const roundBytesOf = (args: CliArgs): number => byteSize(args, 'round') ?? ROUND_BYTES

/**
 * `--clock cpu` counts the CPU time of this process, where a software adapter runs. Unlike wall clock time it
 * is not disturbed by other programs.
 */
export const clockOf = (args: CliArgs): BenchClock =>
  oneOf(args, 'clock', ['device', 'cpu'], 'device') === 'device' ? undefined : cpuMs

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** A whole number from 1 to `max`. */
export function positiveCount(args: CliArgs, name: string, fallback: number, max: number): number {
  const value = args.number(name) ?? fallback
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return value
  throw new UsageError(`--${name} must be a whole number from 1 to ${max}, not ${value}.`)
}
