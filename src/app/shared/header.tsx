// Page header: name, model button, offline state, update button, and what the page adds.
import type { ComponentChildren } from 'preact'
import { applyUpdate, offlineState, updateWaiting } from '../offline/register.ts'
import { RetryIcon } from './icons.tsx'
import { openDialog } from './models/dialog-state.ts'
import { currentChoice } from './models/load-state.ts'
import { loadState } from './models/model-choice.ts'

/** `name`: the wordmark, as a heading or link. `models`: shows the button that opens the models dialog. */
export function Header({
  name,
  models,
  children,
}: {
  name: ComponentChildren
  models: boolean
  children?: ComponentChildren
}) {
  return (
    <header class="header">
      {name}
      {models && <ModelButton />}
      <OfflineStatus />
      {updateWaiting.value && (
        <button
          class="quiet attention"
          type="button"
          title="A new version is available. Click to reload."
          onClick={() => void applyUpdate()}
        >
          <RetryIcon /> <span class="words">Update</span>
        </button>
      )}
      {children}
    </header>
  )
}

function ModelButton() {
  return (
    <button class="quiet model" type="button" aria-haspopup="dialog" onClick={openDialog}>
      <span class="unseen">Model: </span>
      <span class="cut">{currentChoice(loadState.value)?.name ?? 'Models'}</span>
    </button>
  )
}

function OfflineStatus() {
  const state = loadState.value
  const saved = state.phase !== 'ready' || state.choice.bundled || state.choice.options.keep !== undefined
  if (offlineState.value === 'off' || !saved) return <span class="offline" />
  const ready = offlineState.value === 'ready'
  return (
    <span
      class={`offline ${offlineState.value}`}
      role="status"
      title={ready ? 'Everything this page needs is saved on this device.' : undefined}
    >
      {ready ? 'Works offline' : 'Saving for offline use…'}
    </span>
  )
}
