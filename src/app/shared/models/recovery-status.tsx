// Status line while a lost model is loaded again: why, how far, and what becomes of what waits for it.
import { strings } from '../../strings/strings.ts'
import type { Failure } from '../failure.ts'
import { recovery } from './model-choice.ts'

/** `waiting`: what becomes of what waits for the model. The line is empty unless the model is lost. */
export function RecoveryStatus({ waiting }: { waiting: string }) {
  const current = recovery.value
  return (
    <div class="recovery">
      {/* Always there: screen readers announce what changes in it. The percentage is not announced. */}
      <p role="status">
        {current && `${causeText(current.reason)} ${strings.value.app.loadingAgain(waiting)}`}
      </p>
      {current && <RecoveryProgress fraction={current.progress?.fraction} />}
    </div>
  )
}

/** `fraction`: undefined until there is a GPU again. */
function RecoveryProgress({ fraction }: { fraction: number | undefined }) {
  return (
    <div class="line">
      <progress aria-label={strings.value.app.loadingAgainLabel} value={fraction} max={1} />
      <span class="figures">
        {fraction === undefined ? strings.value.app.waitingForGpu : `${Math.round(100 * fraction)} %`}
      </span>
    </div>
  )
}

const causeText = ({ code }: Pick<Failure, 'code'>): string =>
  code === 'device_lost' ? strings.value.app.gpuLost : strings.value.app.workerLost
