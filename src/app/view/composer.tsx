// Input for questions, with the Send, Stop and Think buttons.
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { SendIcon, StopIcon, ThinkIcon } from '../shared/icons.tsx'
import type { LoadState } from '../shared/models/load-state.ts'
import { loadState } from '../shared/models/model-choice.ts'
import { ask, generating, stopGenerating, thinkingEnabled } from '../state/session.ts'
import { focusQuestion, QUESTION_ID } from './focus.ts'

function placeholderFor(state: LoadState): string {
  if (state.phase === 'ready') return `Ask ${state.choice.name}…`
  return state.phase === 'starting' || state.phase === 'loading'
    ? 'Type while the model loads…'
    : 'No model loaded'
}

export function Composer() {
  const text = useSignal('')
  const waiting = useSignal(false) // send as soon as the model is ready
  const state = loadState.value
  const ready = state.phase === 'ready'
  const canThink = state.phase !== 'ready' || state.model.info.thinking
  const loading = state.phase === 'starting' || state.phase === 'loading'
  const send = () => {
    const question = text.value.trim()
    if (question === '' || generating.value) return
    waiting.value = loading
    if (!ready) return
    text.value = ''
    void ask(question)
    focusQuestion()
  }
  useEffect(() => {
    if (!loading && !ready) waiting.value = false
    if (!ready) return
    focusQuestion()
    if (waiting.value) send()
  }, [state.phase])
  const onKeyDown = (event: KeyboardEvent) => {
    // While an input method composes a word, Enter accepts that word.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    send()
  }
  const onSubmit = (event: Event) => {
    event.preventDefault()
    send()
  }
  return (
    <form class="composer" onSubmit={onSubmit}>
      <label class="unseen" for={QUESTION_ID}>
        Your question
      </label>
      <textarea
        id={QUESTION_ID}
        rows={1}
        placeholder={placeholderFor(state)}
        value={text.value}
        aria-describedby="composer-keys"
        onInput={(event) => {
          text.value = event.currentTarget.value
          waiting.value = false
        }}
        onKeyDown={onKeyDown}
      />
      <div class="controls">
        {canThink && <ThinkToggle />}
        <span id="composer-keys" class={waiting.value ? 'keys waiting' : 'keys'} role="status">
          {waiting.value
            ? 'Will be sent when the model is ready'
            : 'Enter to send, Shift + Enter for a new line'}
        </span>
        {generating.value ? (
          <button class="round stop" type="button" aria-label="Stop" title="Stop" onClick={stopAndFocus}>
            <StopIcon />
          </button>
        ) : (
          <button
            class="round"
            type="submit"
            aria-label="Send"
            title="Send"
            disabled={!(ready || loading) || text.value.trim() === ''}
          >
            <SendIcon />
          </button>
        )}
      </div>
    </form>
  )
}

function ThinkToggle() {
  return (
    <button
      class="toggle"
      type="button"
      aria-pressed={thinkingEnabled.value}
      title="Let the model reason before it answers"
      onClick={() => {
        thinkingEnabled.value = !thinkingEnabled.value
      }}
    >
      <ThinkIcon /> Think
    </button>
  )
}

function stopAndFocus(): void {
  stopGenerating()
  focusQuestion()
}
