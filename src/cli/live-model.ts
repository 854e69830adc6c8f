// Opens a model of the command line that is loaded again when its GPU device is lost.
import type { Engine } from '../engine/engine.ts'
import { HadalError } from '../lib/error.ts'
import { escapeControls } from '../lib/format.ts'
import { Live } from '../lib/live.ts'
import type { CliArgs } from './args.ts'
import { type CliModel, loadFromArgs } from './load.ts'

export interface LiveCliModel extends Pick<CliModel, 'loadMs' | 'measured' | 'close'> {
  readonly live: Live<Engine>
  /** How often the device was lost until now. */
  losses(): number
}

/** Loads a model as `loadFromArgs` does. Each loss of its device is told in a line of standard error. */
export async function loadLiveFromArgs(args: CliArgs): Promise<LiveCliModel> {
  const { engine, loadMs, measured, reload, close } = await loadFromArgs(args)
  const ending = new AbortController()
  const { signal } = ending
  const told = new Set<HadalError>() // a loss may take several attempts
  const live = new Live(engine, {
    reopen(reason) {
      if (!told.has(reason)) process.stderr.write(`${reloadNotice(reason)}\n`)
      told.add(reason)
      return reload(signal)
    },
    onReady: () => {},
    signal,
  })
  return {
    live,
    loadMs,
    measured,
    losses: () => told.size,
    async close() {
      ending.abort(new HadalError('aborted', 'The model was closed.', { hint: 'Load it again.' }))
      live.latest.destroy()
      await close()
    },
  }
}

const reloadNotice = ({ message }: HadalError): string =>
  `hadal: ${escapeControls(message)} Loading the model again; then the answer goes on.`

/** Says what helps when the device is lost too often; returns other errors as they are. */
export function explainLoss(error: unknown): unknown {
  if (!(error instanceof HadalError) || error.code !== 'device_lost') return error
  return new HadalError('device_lost', error.message, {
    cause: error,
    hint:
      'Close other programs that use the GPU, or use less of its memory: a smaller --context or ' +
      '--prefill-chunk, or --quantize q8 or q4.',
  })
}
