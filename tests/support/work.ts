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
 * The most work that rejecting a hostile file may take, in units of `measureWork`; the worst here takes 11.
 */
export const MAX_REFUSAL_WORK = 40

/**
 * The result of `action`, and its work: CPU time relative to parsing two megabytes of JSON, which is measured
 * right after it.
 */
export async function measureWork<T>(action: () => Promise<T>): Promise<{ result: T; work: number }> {
  const before = process.cpuUsage()
  const result = await action()
  const ms = process.cpuUsage(before).user / 1000
  return { result, work: ms / bestCpuMs(() => void JSON.parse(JSON_TEXT)) }
}
