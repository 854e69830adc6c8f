// Answers: how much work was that? CPU time of this process, as ratios, so that no machine is too slow for a bound.

/** What an act takes, in ms of this process: others on the machine do not count. */
export const cpuMs = (act: () => void): number => {
  const before = process.cpuUsage()
  act()
  return process.cpuUsage(before).user / 1000
}

const TICK_MS = 4 // some kernels count CPU time in whole ticks, and nothing below one

/** The quickest of three. */
export const bestCpuMs = (act: () => void): number =>
  Math.max(TICK_MS, Math.min(...Array.from({ length: 3 }, () => cpuMs(act))))

const text = JSON.stringify(Array.from({ length: 50_000 }, (_, i) => ({ [`t${i}`]: [i, i / 7] })))

/** What refusing a hostile file may take, in units of `withWork`: the worst here takes 11. */
export const LITTLE = 40

/** What an act comes to, and its work in units of reading two megabytes of JSON, which is measured right after it. */
export async function withWork<T>(act: () => Promise<T>): Promise<{ made: T; work: number }> {
  const before = process.cpuUsage()
  const made = await act()
  const ms = process.cpuUsage(before).user / 1000
  return { made, work: ms / bestCpuMs(() => void JSON.parse(text)) }
}
