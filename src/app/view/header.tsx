// Answers: what stands at the top of a page? The name, the model, whether it works offline; and what the page adds.
// It must not know what the page is for.
import type { ComponentChildren } from 'preact'
import { offline, update, updateWaiting } from '../offline/register.ts'
import { openDialog } from '../state/models.ts'
import { load } from '../state/opening.ts'
import { AgainIcon } from './icons.tsx'

/** `name`: the wordmark as this page carries it. `models`: one can be chosen here, or is on its way. */
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
      <Offline />
      {updateWaiting.value && (
        <button
          class="quiet attention"
          type="button"
          title="A newer version of this page is here: reload"
          onClick={() => void update()}
        >
          <AgainIcon /> <span class="words">Update</span>
        </button>
      )}
      {children}
    </header>
  )
}

function ModelButton() {
  const state = load.value
  const name = 'entry' in state ? state.entry?.name : undefined
  return (
    <button class="quiet model" type="button" aria-haspopup="dialog" onClick={openDialog}>
      <span class="unseen">Model: </span>
      <span class="cut">{name ?? 'Models'}</span>
    </button>
  )
}

function Offline() {
  const state = load.value
  const kept = state.phase !== 'ready' || state.entry.bundled || state.entry.options.keep !== undefined
  if (offline.value === 'off' || !kept) return <span class="offline" />
  const ready = offline.value === 'ready'
  return (
    <span
      class={`offline ${offline.value}`}
      role="status"
      title={ready ? 'What this page needs is kept on this device.' : undefined}
    >
      {ready ? 'Works offline' : 'Saving for offline…'}
    </span>
  )
}
