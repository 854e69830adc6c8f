// Input for questions, with the Send, Stop and Think buttons.
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { AttachButton } from '../documents/attach-button.tsx'
import { readingFiles, takeDocuments } from '../documents/attachments.ts'
import { AttachmentChips } from '../documents/chips.tsx'
import { onPaste } from '../documents/drop.ts'
import { SendIcon, StopIcon, ThinkIcon } from '../shared/icons.tsx'
import type { LoadState } from '../shared/models/load-state.ts'
import { loadState } from '../shared/models/model-choice.ts'
import { conversation } from '../state/conversations.ts'
import { draft } from '../state/draft.ts'
import {
  answersWanted,
  ask,
  generating,
  MAX_ANSWERS,
  setThinking,
  stopGenerating,
  thinkingEnabled,
} from '../state/session.ts'
import { strings } from '../strings/strings.ts'
import { BudgetSlider } from './budget-slider.tsx'
import { focusQuestion, QUESTION_ID } from './focus.ts'

function placeholderFor(state: LoadState): string {
  const text = strings.value.chat
  if (state.phase === 'ready') return text.askModel(state.choice.name)
  return state.phase === 'starting' || state.phase === 'loading' ? text.typeMeanwhile : text.noModel
}

export function Composer() {
  const text = draft
  const sending = useRef(false)
  const waiting = useSignal(false) // send as soon as the model is ready
  const state = loadState.value
  const ready = state.phase === 'ready'
  const canThink = state.phase !== 'ready' || state.model.info.thinking
  const loading = state.phase === 'starting' || state.phase === 'loading'
  const send = async () => {
    const question = text.value.trim()
    if (question === '' || generating.value || readingFiles.value || sending.current) return
    waiting.value = loading
    if (state.phase !== 'ready') return
    sending.current = true
    const documents = await takeDocuments(state.model, conversation.value, question).finally(() => {
      sending.current = false
    })
    if (documents === undefined) return
    text.value = ''
    void ask(question, documents)
    focusQuestion()
  }
  useEffect(() => {
    if (!loading && !ready) waiting.value = false
    if (!ready) return
    focusQuestion()
    if (waiting.value) void send()
  }, [state.phase])
  const onKeyDown = (event: KeyboardEvent) => {
    // While an input method composes a word, Enter accepts that word.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    void send()
  }
  const onSubmit = (event: Event) => {
    event.preventDefault()
    void send()
  }
  return (
    <form class="composer" onSubmit={onSubmit}>
      <label class="unseen" for={QUESTION_ID}>
        {strings.value.chat.yourQuestion}
      </label>
      <AttachmentChips onEmpty={focusQuestion} />
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
        onPaste={onPaste}
      />
      <div class="controls">
        <AttachButton />
        {canThink && <ThinkToggle />}
        {canThink && thinkingEnabled.value && <BudgetSlider />}
        <AnswersChoice />
        <span id="composer-keys" class={waiting.value ? 'keys waiting' : 'keys'} role="status">
          {waiting.value ? strings.value.chat.sendWaits : strings.value.chat.keys}
        </span>
        {generating.value ? (
          <button
            class="round stop"
            type="button"
            aria-label={strings.value.chat.stop}
            title={strings.value.chat.stop}
            onClick={stopAndFocus}
          >
            <StopIcon />
          </button>
        ) : (
          <button
            class="round"
            type="submit"
            aria-label={strings.value.chat.send}
            title={strings.value.chat.send}
            disabled={!(ready || loading) || text.value.trim() === '' || readingFiles.value}
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
      title={strings.value.chat.thinkHint}
      onClick={() => setThinking(!thinkingEnabled.value)}
    >
      <ThinkIcon /> {strings.value.chat.think}
    </button>
  )
}

function AnswersChoice() {
  const text = strings.value.chat
  return (
    <span class="answers-choice">
      <select
        aria-label={text.answersWanted}
        title={text.answersHint}
        value={answersWanted.value}
        onChange={({ currentTarget }) => {
          answersWanted.value = Number(currentTarget.value)
        }}
      >
        {Array.from({ length: MAX_ANSWERS }, (_, index) => (
          <option key={index} value={index + 1}>
            {index + 1}×
          </option>
        ))}
      </select>
    </span>
  )
}

function stopAndFocus(): void {
  stopGenerating()
  focusQuestion()
}
