// Makes the result of a call reach the page after the call's progress reports.
import type { LoadProgress } from './protocol.ts'

type Report = (progress: LoadProgress) => void

/**
 * Runs `work` and waits, however it ends, until the page has received every report. Reports travel through a
 * port of their own, and there is no order between ports: in Firefox the last report came after the result.
 * @param onProgress a function of the page; through Comlink it returns a promise
 */
export async function afterReports<T>(onProgress: Report, work: (report: Report) => Promise<T>): Promise<T> {
  let latest: unknown
  try {
    return await work((progress) => {
      latest = onProgress(progress)
    })
  } finally {
    await Promise.resolve(latest).catch(() => {}) // a callback that throws does not stop the work
  }
}
