// One question, and the form to edit it.
import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { EditIcon } from '../shared/icons.tsx'
import { loadState } from '../shared/models/model-choice.ts'
import { askEdited, generating } from '../state/session.ts'
import { focusQuestion } from './focus.ts'

/** `last`: editing it drops no later turns. */
export function QuestionView({ id, text, last }: { id: number; text: string; last: boolean }) {
  const editing = useSignal(false)
  const button = useRef<HTMLButtonElement>(null)
  const cancelled = useRef(false)
  const cancel = () => {
    editing.value = false
    cancelled.current = true
  }
  useLayoutEffect(() => {
    if (cancelled.current) button.current?.focus()
    cancelled.current = false
  })
  const send = (question: string) => {
    editing.value = false
    void askEdited(id, question)
    focusQuestion()
  }
  if (editing.value) return <QuestionEditor text={text} last={last} onCancel={cancel} onSend={send} />
  return (
    <div class="asked">
      <button
        ref={button}
        class="small"
        type="button"
        aria-label="Edit the question"
        title="Edit the question"
        disabled={loadState.value.phase !== 'ready' || generating.value}
        onClick={() => {
          editing.value = true
        }}
      >
        <EditIcon />
      </button>
      <div class="question">
        <span class="unseen">You asked: </span>
        {text}
      </div>
    </div>
  )
}

function QuestionEditor({
  text,
  last,
  onCancel,
  onSend,
}: {
  text: string
  last: boolean
  onCancel(): void
  onSend(question: string): void
}) {
  const written = useSignal(text)
  const area = useRef<HTMLTextAreaElement>(null)
  useLayoutEffect(() => area.current?.focus(), [])
  const sendable = written.value.trim() !== '' && loadState.value.phase === 'ready' && !generating.value
  const send = (event: Event) => {
    event.preventDefault()
    if (sendable) onSend(written.value.trim())
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return
    if (event.key === 'Escape') onCancel()
    if (event.key === 'Enter' && !event.shiftKey) send(event)
  }
  return (
    <form class="editor" onSubmit={send}>
      <textarea
        ref={area}
        rows={2}
        aria-label="Edited question"
        value={written.value}
        onInput={({ currentTarget }) => {
          written.value = currentTarget.value
        }}
        onKeyDown={onKeyDown}
      />
      <div class="actions">
        <span class="figures">{last ? 'Replaces its answer.' : 'Removes everything after it.'}</span>
        <button class="quiet" type="button" onClick={onCancel}>
          Cancel
        </button>
        <button class="primary" type="submit" disabled={!sendable}>
          Ask again
        </button>
      </div>
    </form>
  )
}
