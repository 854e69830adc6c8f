// Progress of loading a model: phase, bytes, speed and time left.
import type { LoadProgress } from '../../../index.ts'
import { formatBytes } from '../../../lib/format.ts'
import { formatSeconds } from '../format.ts'
import { phaseText } from './load-state.ts'
import { cancelLoad, loadState } from './model-choice.ts'

export function LoadProgressView() {
  const state = loadState.value
  const progress = state.phase === 'loading' ? state.progress : undefined
  return (
    <div class="load">
      <p role="status">{progress ? phaseText(progress) : 'Looking for your GPU'}…</p>
      <progress aria-label="Loading the model" value={progress?.fraction ?? 0} max={1} />
      <p class="figures">{progress && progress.totalBytes > 0 ? progressText(progress) : ' '}</p>
      {state.phase === 'loading' && (
        <button class="quiet" type="button" onClick={cancelLoad}>
          Cancel
        </button>
      )}
    </div>
  )
}

/** Bytes, speed and time left. */
export function progressText({ bytes, totalBytes, bytesPerSecond, secondsLeft }: LoadProgress): string {
  const left = bytes < totalBytes ? formatSeconds(secondsLeft) : ''
  return [
    `${formatBytes(bytes)} of ${formatBytes(totalBytes)}`,
    bytesPerSecond > 0 ? `${formatBytes(Math.round(bytesPerSecond))}/s` : '',
    left && `${left} left`,
  ]
    .filter(Boolean)
    .join(' · ')
}
