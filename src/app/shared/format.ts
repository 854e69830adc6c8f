// Formats counts, rates and durations for display (bytes: lib/bytes.ts).

/** A count with thousands separators: `2,048`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en')
}

/** A count with a unit prefix: `9.3 M`, `671 B`. */
export function formatCompact(count: number): string {
  const units = ['', ' K', ' M', ' B', ' T']
  const step = count < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(count) / 3))
  const value = count / 1000 ** step
  return `${value.toFixed(step > 0 && value < 10 ? 1 : 0)}${units[step]}`
}

/** A rate: `52 tok/s`, with one decimal under ten. */
export function formatRate(tokensPerSecond: number): string {
  return `${tokensPerSecond.toFixed(tokensPerSecond < 10 ? 1 : 0)} tok/s`
}

/** A duration: `3.2 s`, `2 min 5 s`; empty if it is not finite. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return ''
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
}
