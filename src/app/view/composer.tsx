// Answers: how is a question written and sent, and an answer stopped? It must not know what becomes of it.
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { LoadState } from '../state/loading.ts'
import { load } from '../state/opening.ts'
import { answering, ask, stop, think } from '../state/session.ts'
import { focusQuestion, questionId } from './focus.ts'
import { SendIcon, StopIcon, ThinkIcon } from './icons.tsx'

function placeholder(state: LoadState): string {
  if (state.phase === 'ready') return `Ask ${state.entry.name}…`
  return state.phase === 'starting' || state.phase === 'loading'
    ? 'Write while the model loads…'
    : 'No model is loaded'
}

export function Composer() {
  const text = useSignal('')
  const waiting = useSignal(false) // to be sent as soon as there is a model
  const state = load.value
  const ready = state.phase === 'ready'
  const canChoose = state.phase !== 'ready' || state.model.info.thinking
  const coming = state.phase === 'starting' || state.phase === 'loading'
  const send = () => {
    const question = text.value.trim()
    if (question === '' || answering.value) return
    waiting.value = coming
    if (!ready) return
    text.value = ''
    void ask(question)
    focusQuestion()
  }
  useEffect(() => {
    if (!coming && !ready) waiting.value = false
    if (!ready) return
    focusQuestion()
    if (waiting.value) send()
  }, [state.phase])
  const onKeyDown = (event: KeyboardEvent) => {
    // While an input method composes a word, Enter accepts the word.
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
      <label class="unseen" for={questionId}>
        Your question
      </label>
      <textarea
        id={questionId}
        rows={1}
        placeholder={placeholder(state)}
        value={text.value}
        aria-describedby="composer-keys"
        onInput={(event) => {
          text.value = event.currentTarget.value
          waiting.value = false
        }}
        onKeyDown={onKeyDown}
      />
      <div class="controls">
        {canChoose && <ThinkToggle />}
        <span id="composer-keys" class={waiting.value ? 'keys waiting' : 'keys'} role="status">
          {waiting.value
            ? 'Will be sent as soon as the model is ready'
            : 'Enter sends, Shift + Enter makes a new line'}
        </span>
        {answering.value ? (
          <button class="round stop" type="button" aria-label="Stop" title="Stop" onClick={stopAnswer}>
            <StopIcon />
          </button>
        ) : (
          <button
            class="round"
            type="submit"
            aria-label="Send"
            title="Send"
            disabled={!(ready || coming) || text.value.trim() === ''}
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
      aria-pressed={think.value}
      title="Let the model reason before it answers"
      onClick={() => {
        think.value = !think.value
      }}
    >
      <ThinkIcon /> Think
    </button>
  )
}

function stopAnswer(): void {
  stop()
  focusQuestion()
}
