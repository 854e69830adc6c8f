// Measures work as CPU time relative to a reference task, so that bounds hold on any machine.

/** The CPU time of `action` in ms. Only this process counts. */
export const cpuMs = (action: () => void): number => {
  const before = process.cpuUsage()
  action()
  return process.cpuUsage(before).user / 1000
}

const TICK_MS = 4 // some OS kernels count CPU time in whole ticks

/** The least CPU time of three runs. */
export const bestCpuMs = (action: () => void): number =>
  Math.max(TICK_MS, Math.min(...Array.from({ length: 3 }, () => cpuMs(action))))

const JSON_TEXT = JSON.stringify(Array.from({ length: 50_000 }, (_, i) => ({ [`t${i}`]: [i, i / 7] })))

/**
 * The most work that rejecting a hostile file may take, in units of `measureWork`. The worst here takes 11;
 * reading such a file in quadratic time would take thousands.
 */
export const MAX_REFUSAL_WORK = 100

const ATTEMPTS = 3 // a neighbour's load can make one run look slow, hardly three

/**
 * The result of `action`, and its work: CPU time relative to parsing two megabytes of JSON, which is measured
 * right after it. Runs again while that is `bound` or more, and gives the least of three.
 */
export async function measureWork<T>(
  bound: number,
  action: () => Promise<T>,
): Promise<{ result: T; work: number }> {
  let work = Number.POSITIVE_INFINITY
  for (let attempt = 1; ; attempt++) {
    const before = process.cpuUsage()
    const result = await action()
    const ms = process.cpuUsage(before).user / 1000
    work = Math.min(work, ms / bestCpuMs(() => void JSON.parse(JSON_TEXT)))
    if (work < bound || attempt === ATTEMPTS) return { result, work }
  }
}
