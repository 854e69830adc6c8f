// One question with its versions, and the form to edit it.
import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { Question } from '../conversations/types.ts'
import { SentDocuments } from '../documents/sent-documents.tsx'
import { EditIcon } from '../shared/icons.tsx'
import { loadState } from '../shared/models/model-choice.ts'
import { askEdited, generating } from '../state/session.ts'
import { strings } from '../strings/strings.ts'
import { focusQuestion } from './focus.ts'
import { Versions } from './versions.tsx'

export function QuestionView({ question, versions }: { question: Question; versions: readonly string[] }) {
  const { id, text, documents } = question
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
  const send = (edited: string) => {
    editing.value = false
    void askEdited(id, edited)
    focusQuestion()
  }
  if (editing.value) return <QuestionEditor text={text} onCancel={cancel} onSend={send} />
  return (
    <>
      {documents && <SentDocuments documents={documents} />}
      <div class="asked">
        <button
          ref={button}
          class="small"
          data-edit
          type="button"
          aria-label={strings.value.chat.editQuestion}
          title={strings.value.chat.editQuestion}
          disabled={loadState.value.phase !== 'ready' || generating.value}
          onClick={() => {
            editing.value = true
          }}
        >
          <EditIcon />
        </button>
        <Versions id={id} versions={versions} />
        <div class="question" dir="auto">
          <span class="unseen">{strings.value.chat.youAsked}</span>
          {text}
        </div>
      </div>
    </>
  )
}

function QuestionEditor({
  text,
  onCancel,
  onSend,
}: {
  text: string
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
        aria-label={strings.value.chat.editedQuestion}
        value={written.value}
        onInput={({ currentTarget }) => {
          written.value = currentTarget.value
        }}
        onKeyDown={onKeyDown}
      />
      <div class="actions">
        <span class="figures">{strings.value.chat.editKeeps}</span>
        <button class="quiet" type="button" onClick={onCancel}>
          {strings.value.chat.cancel}
        </button>
        <button class="primary" type="submit" disabled={!sendable}>
          {strings.value.chat.askAgain}
        </button>
      </div>
    </form>
  )
}
