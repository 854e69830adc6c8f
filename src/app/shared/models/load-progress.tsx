// Progress of loading a model: phase, bytes, speed and time left.
import type { LoadProgress } from '../../../index.ts'
import { formatBytes } from '../../../lib/format.ts'
import { strings } from '../../strings/strings.ts'
import { formatSeconds } from '../format.ts'
import { phaseText } from './load-state.ts'
import { cancelLoad, loadState } from './model-choice.ts'

export function LoadProgressView() {
  const state = loadState.value
  const texts = strings.value.models.load
  const progress = state.phase === 'loading' ? state.progress : undefined
  return (
    <div class="load">
      <p role="status">{progress ? phaseText(progress) : texts.looking}…</p>
      <progress aria-label={texts.loading} value={progress?.fraction ?? 0} max={1} />
      <p class="figures">{progress && progress.totalBytes > 0 ? progressText(progress) : ' '}</p>
      {state.phase === 'loading' && (
        <button class="quiet" type="button" onClick={cancelLoad}>
          {texts.cancel}
        </button>
      )}
    </div>
  )
}

/** Bytes, speed and time left. */
export function progressText({
  bytes,
  totalBytes,
  bytesPerSecond,
  secondsLeft,
}: Pick<LoadProgress, 'bytes' | 'totalBytes' | 'bytesPerSecond' | 'secondsLeft'>): string {
  const texts = strings.value.models.load
  const left = bytes < totalBytes ? formatSeconds(secondsLeft) : ''
  return [
    texts.of(formatBytes(bytes), formatBytes(totalBytes)),
    bytesPerSecond > 0 ? texts.rate(formatBytes(Math.round(bytesPerSecond))) : '',
    left && texts.left(left),
  ]
    .filter(Boolean)
    .join(' · ')
}
