// The errors of a worker that does not start or that fails: what happened, with which script, what to do.
import { HadalError } from '../lib/error.ts'
import { packagedWorker } from '../worker/spawn.ts'

const BUNDLER_HINT =
  'Bundlers that do not know `new Worker(new URL(...))` need hadal/worker as a second entry, worker.js ' +
  "beside the bundle; Vite 7's development server needs hadal in optimizeDeps.exclude. Or pass the option " +
  "`worker: () => new Worker(address, { type: 'module' })`."

/** The error for a worker that cannot be started. */
export function startError(cause: unknown): HadalError {
  const failed = (message: string, hint: string) => new HadalError('unsupported', message, { hint, cause })
  if (typeof Worker === 'undefined') {
    return failed(
      'This environment has no Worker, in which hadal runs models.',
      "In Node, service workers and shared workers use loadModel of 'hadal/core'.",
    )
  }
  const reason = cause instanceof Error ? cause.message : String(cause)
  const address = packagedWorker()
  if (/trusted/i.test(reason)) {
    return failed(
      `The page's policy, require-trusted-types-for 'script', keeps ${address} from being started: ${reason}`,
      'Pass the option `worker`, with a script address from a policy of the page: ' +
        "`worker: () => new Worker(policy.createScriptURL(address), { type: 'module' })`.",
    )
  }
  return failed(`The worker ${address} could not be started: ${reason}`, BUNDLER_HINT)
}

/** The error for a worker whose script is missing or fails. */
export function scriptError(reason: string): HadalError {
  if (reason) {
    const hint = 'Reload the page. If it happens again, please report it.'
    return new HadalError('internal', `The worker failed: ${reason}`, { hint })
  }
  const script = `${packagedWorker()}, or that of the option \`worker\``
  return new HadalError('not_found', `The worker's script could not be loaded: ${script}.`, {
    hint: BUNDLER_HINT,
  })
}
