// Formats errors, times and rates.
import type { TimingSummary } from '../../../bench/lab/protocol.ts'
import { formatCount } from '../../shared/format.ts'

/** `2.3e-7`; `no number` for NaN and infinity. */
export function relativeErrorText(error: number): string {
  if (Number.isNaN(error) || error === Number.POSITIVE_INFINITY) return 'no number'
  return error === 0 ? '0' : error.toExponential(1)
}

/** A computed value, with the 8 digits that f32 can hold. */
export const valueText = (value: number): string => String(Number(value.toPrecision(8)))

const microsecondsText = (ms: number): string => {
  const us = ms * 1000
  return us < 100 ? us.toFixed(us < 10 ? 2 : 1) : formatCount(us)
}

/** `123 µs (120 to 131)`: the median, and the range of the middle half. */
export const spreadText = ({ ms, low, high }: TimingSummary): string =>
  `${microsecondsText(ms)} µs (${microsecondsText(low)} to ${microsecondsText(high)})`

export const rateText = (value: number, unit: string): string =>
  `${value < 0.1 ? value.toPrecision(2) : value.toFixed(value < 10 ? 2 : 1)} ${unit}`

export const percentText = (fraction: number): string =>
  `${(100 * fraction).toFixed(fraction < 0.1 ? 1 : 0)} %`
