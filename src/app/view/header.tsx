// Answers: what stands at the top of the page? The name, the model, whether it works offline, and a new chat.
// It must not know the chat.
import { offline, update, updateWaiting } from '../offline/register.ts'
import { openDialog } from '../state/models.ts'
import { load } from '../state/opening.ts'
import { chat, newChat } from '../state/session.ts'
import { focusQuestion } from './focus.ts'
import { NewIcon } from './icons.tsx'
import { Wordmark } from './wordmark.tsx'

/** `chatting`: there is a chat that can be started over. */
export function Header({ chatting }: { chatting: boolean }) {
  return (
    <header class="header">
      <h1 class="name">
        <Wordmark />
      </h1>
      {chatting && <ModelButton />}
      <Offline />
      {updateWaiting.value && (
        <button class="quiet attention" type="button" onClick={() => void update()}>
          New version: reload
        </button>
      )}
      {chatting && (
        <button class="quiet" type="button" disabled={chat.value.turns.length === 0} onClick={startOver}>
          <NewIcon /> New chat
        </button>
      )}
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
      title={ready ? 'Page and model are kept on this device.' : undefined}
    >
      {ready ? 'Works offline' : 'Saving for offline…'}
    </span>
  )
}

function startOver(): void {
  newChat()
  focusQuestion()
}
