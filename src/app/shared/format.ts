// Formats counts, rates and durations in the language of the page (bytes: lib/format.ts).
import { language, strings } from '../strings/strings.ts'

/** A count with thousands separators: `2,048`. */
export const formatCount = (count: number): string => decimal(Math.round(count), 0)

/** A count with a unit prefix: `9.3 M`, `671 B`. */
export function formatCompact(count: number): string {
  const { step: unit, prefixes } = strings.value.app.units
  const power = count < unit ? 0 : Math.floor(Math.log10(count) / Math.log10(unit) + 1e-9)
  const step = Math.min(prefixes.length - 1, power)
  const value = count / unit ** step
  return `${decimal(value, step > 0 && value < 10 ? 1 : 0)}${prefixes[step]}`
}

/** A rate: `52 tok/s`, with one decimal under ten. */
export const formatRate = (tokensPerSecond: number): string =>
  strings.value.app.units.rate(decimal(tokensPerSecond, tokensPerSecond < 10 ? 1 : 0))

/** A duration: `3.2 s`, `2 min 5 s`; empty if it is not finite. */
export function formatSeconds(seconds: number): string {
  const { units } = strings.value.app
  if (!Number.isFinite(seconds)) return ''
  if (seconds < 60) return units.seconds(decimal(seconds, seconds < 10 ? 1 : 0))
  return units.minutes(decimal(Math.floor(seconds / 60), 0), decimal(seconds % 60, 0))
}

const decimal = (value: number, digits: number): string =>
  value.toLocaleString(language.value, { minimumFractionDigits: digits, maximumFractionDigits: digits })
