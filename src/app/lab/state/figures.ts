// Answers: how are errors, times and rates written? It must not know what they were measured on.
import type { Spread } from '../../../lab/protocol.ts'
import { formatCount } from '../../state/format.ts'

/** `2.3e-7`; in words where it is no number. */
export function errorText(error: number): string {
  if (Number.isNaN(error) || error === Number.POSITIVE_INFINITY) return 'no number'
  return error === 0 ? '0' : error.toExponential(1)
}

/** A number of a result, with the digits that f32 has. */
export const valueText = (value: number): string => String(Number(value.toPrecision(8)))

const micros = (ms: number): string => {
  const us = ms * 1000
  return us < 100 ? us.toFixed(us < 10 ? 2 : 1) : formatCount(us)
}

/** `123 µs (120 to 131)`: the median, and between what the middle half lies. */
export const spreadText = ({ ms, low, high }: Spread): string =>
  `${micros(ms)} µs (${micros(low)} to ${micros(high)})`

export const rate = (value: number, unit: string): string =>
  `${value < 0.1 ? value.toPrecision(2) : value.toFixed(value < 10 ? 2 : 1)} ${unit}`

export const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`
