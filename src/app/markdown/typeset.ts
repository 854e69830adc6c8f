// Asks the typesetting worker, keeps recent results, and ends a worker that hangs.
import type { CodeLines, MathNode, TypesetJob, TypesetReply, TypesetRequest } from './typeset-types.ts'

type Result = CodeLines | MathNode | undefined

interface Waiting {
  readonly resolve: (result: Result) => void
  timer?: ReturnType<typeof setTimeout>
}

// A formula takes about a millisecond, long code some tens; more is a text made to take forever.
const MAX_JOB_MS = 8000
const MAX_KEPT = 300
/** Longer code stays plain. */
const MAX_CODE = 200_000

const kept = new Map<string, Result>()
const waiting = new Map<number, Waiting>()
let worker: Worker | undefined
let latestId = 0

/** The coloured lines of code, or undefined where it stays plain. */
export function typesetCode(text: string, language: string | undefined): Promise<CodeLines | undefined> {
  if (language === undefined || text.length > MAX_CODE) return Promise.resolve(undefined)
  return ask({ kind: 'code', text, language }) as Promise<CodeLines | undefined>
}

/** A formula as MathML, or undefined where its source has to do. */
export const typesetMath = (text: string, display: boolean): Promise<MathNode | undefined> =>
  ask({ kind: 'math', text, display }) as Promise<MathNode | undefined>

/** A formula that was typeset a short while ago; undefined if it was not. */
export const keptMath = (text: string, display: boolean): MathNode | undefined =>
  kept.get(keyOf({ kind: 'math', text, display })) as MathNode | undefined

const keyOf = (job: TypesetJob) => JSON.stringify(Object.values(job))

async function ask(job: TypesetJob): Promise<Result> {
  const key = keyOf(job)
  if (kept.has(key)) return kept.get(key)
  const result = await new Promise<Result>((resolve) => {
    const id = ++latestId
    waiting.set(id, { resolve })
    worker ??= startWorker()
    worker.postMessage({ id, job } satisfies TypesetRequest)
  })
  if (result === undefined) return
  kept.set(key, result)
  const [oldest] = kept.keys()
  if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest)
  return result
}

function startWorker(): Worker {
  const started = new Worker(new URL('./typeset-worker.ts', import.meta.url), {
    type: 'module',
    name: 'typeset',
  })
  started.addEventListener('error', endWorker)
  started.addEventListener('message', ({ data }: MessageEvent<TypesetReply>) => {
    const asked = waiting.get(data.id)
    if (!asked) return
    if (data.began) asked.timer = setTimeout(endWorker, MAX_JOB_MS)
    else {
      clearTimeout(asked.timer)
      waiting.delete(data.id)
      asked.resolve(data.result)
    }
  })
  return started
}

/** Everything asked so far stays plain; the next question starts a new worker. */
function endWorker(): void {
  worker?.terminate()
  worker = undefined
  for (const { resolve, timer } of waiting.values()) {
    clearTimeout(timer)
    resolve(undefined)
  }
  waiting.clear()
}
