// The downloads in the background: the bar on the page, and the list in the dialog.

import { formatBytes } from '../../../lib/format.ts'
import { strings } from '../../strings/strings.ts'
import { ConfirmButton } from './confirm-button.tsx'
import { dialogOpen, openForm, requestPlan, showTab } from './dialog-state.ts'
import {
  cancelDownload,
  changeSwitch,
  downloads,
  forgetDownload,
  type ModelDownload,
  pauseDownload,
  resumeDownload,
} from './downloads.ts'
import { switchTo } from './get-model.ts'
import { progressText } from './load-progress.tsx'
import { phaseText } from './load-state.ts'

/** For the page, below its header: the download that matters most now. Empty without one. */
export function DownloadBar() {
  const texts = strings.value.models.downloads
  const [shown] = downloads.value.toSorted((a, b) => URGENCY[a.state] - URGENCY[b.state])
  const others = downloads.value.length - 1
  // The dialog has the same buttons.
  if (!shown || dialogOpen.value) return null
  return (
    <section class="download-bar" aria-label={texts.title}>
      <DownloadRow download={shown} compact />
      {others > 0 && (
        <button class="quiet" type="button" onClick={() => showTab('catalogue')}>
          {texts.more(others)}
        </button>
      )}
    </section>
  )
}

const URGENCY = { ready: 0, failed: 1, running: 2, waiting: 3, paused: 4 } as const

/** For the dialog: all downloads. Empty without one. */
export function DownloadList() {
  const texts = strings.value.models.downloads
  if (downloads.value.length === 0) return null
  return (
    <section class="downloads" aria-label={texts.title}>
      <ul>
        {downloads.value.map((download) => (
          <li key={download.source}>
            <DownloadRow download={download} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function DownloadRow({ download, compact = false }: { download: ModelDownload; compact?: boolean }) {
  const texts = strings.value.models.downloads
  const { name, state, progress, failure, source, switchWhenReady } = download
  const isMoving = state === 'running' || state === 'waiting' || state === 'paused'
  return (
    <div class={`download ${state}`}>
      <p class="what">
        <b role="status">
          {state === 'ready' && texts.ready(name)}
          {state === 'failed' && texts.failed(name)}
          {isMoving && name}
        </b>{' '}
        {isMoving && <span class="figures">{stateText(download)}</span>}
      </p>
      {failure && (
        <p class="failure" role="alert">
          {failure.message} {failure.hint}
        </p>
      )}
      {state !== 'ready' && (
        <progress
          aria-label={texts.progress(name)}
          value={progress?.bytes ?? 0}
          max={progress?.totalBytes || 1}
        />
      )}
      {!compact && isMoving && (
        <label class="switch">
          <input
            type="checkbox"
            checked={switchWhenReady}
            onChange={({ currentTarget }) => changeSwitch(source, currentTarget.checked)}
          />
          {texts.switchWhenReady}
        </label>
      )}
      <DownloadActions download={download} />
    </div>
  )
}

function DownloadActions({ download }: { download: ModelDownload }) {
  const texts = strings.value.models.downloads
  const { name, source, state, progress, failure } = download
  if (state === 'ready')
    return (
      <div class="actions">
        <button
          class="primary"
          type="button"
          aria-label={texts.switchNamed(name)}
          onClick={() => switchTo(download)}
        >
          {texts.switchNow}
        </button>
        <button
          class="quiet"
          type="button"
          aria-label={texts.laterNamed(name)}
          onClick={() => forgetDownload(source)}
        >
          {texts.later}
        </button>
      </div>
    )
  const isGoing = state === 'running' || state === 'waiting'
  return (
    <div class="actions">
      {failure?.code === 'storage_full' && (
        <button class="primary" type="button" onClick={() => showTab('stored')}>
          {strings.value.models.failure.freeSpace}
        </button>
      )}
      {failure?.code === 'no_access' && (
        <button
          class="primary"
          type="button"
          onClick={() => void requestPlan({ source, label: source, token: openForm.token.value.trim() })}
        >
          {strings.value.models.failure.token}
        </button>
      )}
      <button
        class="quiet"
        type="button"
        aria-label={isGoing ? texts.pauseNamed(name) : texts.resumeNamed(name)}
        onClick={() => (isGoing ? pauseDownload(source) : resumeDownload(source))}
      >
        {isGoing ? texts.pause : texts.resume}
      </button>
      <ConfirmButton
        asking={`${texts.cancelAsk(formatBytes(progress?.bytes ?? 0))}`}
        hint={texts.cancelHint}
        onConfirm={() => void cancelDownload(source)}
      >
        {texts.cancel} <span class="unseen">{name}</span>{' '}
      </ConfirmButton>
    </div>
  )
}

/** Phase, bytes, speed and time left. */
function stateText({ state, progress }: ModelDownload): string {
  const texts = strings.value.models.downloads
  const { bytes = 0, totalBytes = 0, bytesPerSecond = 0, secondsLeft = Number.NaN } = progress ?? {}
  const isRunning = state === 'running'
  const figures =
    totalBytes > 0
      ? progressText({
          bytes,
          totalBytes,
          bytesPerSecond: isRunning ? bytesPerSecond : 0,
          secondsLeft: isRunning ? secondsLeft : Number.NaN,
        })
      : ''
  if (state === 'waiting') return [texts.waiting, figures].filter(Boolean).join(' · ')
  if (state === 'paused') return [texts.paused, figures].filter(Boolean).join(' · ')
  if (!progress) return strings.value.models.downloads.checking
  const percent = texts.percent(Math.floor((100 * bytes) / (totalBytes || 1)))
  if (progress.phase === 'download') return [percent, figures].filter(Boolean).join(' · ')
  return phaseText({ ...progress, kernels: 0, totalKernels: 0 })
}
