// The inside of an answer in a dialog: its tokens, alternatives and experts, if they were recorded.
import { signal, useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { findAnswer } from '../conversations/tree.ts'
import type { ExpertView as View } from '../experts/view/expert-view.tsx'
import { loadState } from '../shared/models/model-choice.ts'
import { conversation } from '../state/conversations.ts'
import { continueFrom, generating, regenerate } from '../state/session.ts'
import { recording, traces } from '../state/traces.ts'
import { expertStrings } from '../strings/experts.ts'
import { strings } from '../strings/strings.ts'

/** The answer that the dialog shows; undefined while it is closed. */
const inspected = signal<string | undefined>(undefined)

/** Opens the dialog for an answer. */
export function inspect(answer: string): void {
  inspected.value = answer
}

function close(): void {
  inspected.value = undefined
}

export function InsideDialog() {
  const element = useRef<HTMLDialogElement>(null)
  const id = inspected.value
  const shown = id !== undefined
  useLayoutEffect(() => {
    if (shown === element.current?.open) return
    if (shown) element.current?.showModal()
    else element.current?.close()
  })
  return (
    <dialog ref={element} class="inside" aria-labelledby="experts-title" onClose={close}>
      {shown && <Inside id={id} />}
    </dialog>
  )
}

function Inside({ id }: { id: string }) {
  const text = strings.value.chat
  return (
    <>
      <div class="inside-bar">
        <label title={text.recordHint}>
          <input
            type="checkbox"
            checked={recording.value}
            onChange={({ currentTarget }) => {
              recording.value = currentTarget.checked
            }}
          />{' '}
          {text.record}
        </label>
        <button class="quiet" type="button" onClick={close}>
          {text.close}
        </button>
      </div>
      {traces.value.has(id) ? <Recorded id={id} /> : <NotRecorded id={id} />}
    </>
  )
}

function NotRecorded({ id }: { id: string }) {
  const text = strings.value.chat
  const again = () => {
    recording.value = true
    void regenerate(id)
    inspect(conversation.value.info.leaf)
  }
  return (
    <div class="not-recorded">
      <h2 id="experts-title">{expertStrings.value.title}</h2>
      <p>{generating.value ? text.loadingView : text.notRecorded}</p>
      <p class="note">{text.recordHint}</p>
      <button
        class="primary"
        type="button"
        disabled={
          loadState.value.phase !== 'ready' || generating.value || !findAnswer(conversation.value, id)
        }
        onClick={again}
      >
        {text.recordAgain}
      </button>
    </div>
  )
}

function Recorded({ id }: { id: string }) {
  const view = useSignal<{ View: typeof View } | undefined>(undefined)
  useEffect(() => {
    void import('../experts/view/expert-view.tsx').then(({ ExpertView }) => {
      view.value = { View: ExpertView }
    })
  }, [view])
  const state = loadState.value
  const trace = traces.value.get(id)
  const loaded = view.value
  if (!loaded || !trace || state.phase !== 'ready') return <p>{strings.value.chat.loadingView}</p>
  const goOn = (continuation: Parameters<typeof continueFrom>[1]) => {
    close()
    void continueFrom(id, continuation)
  }
  return (
    <loaded.View
      key={id}
      trace={trace}
      info={state.model.info}
      onContinue={generating.value ? undefined : goOn}
    />
  )
}
