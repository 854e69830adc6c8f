// The inside of an answer in a dialog: its tokens, alternatives and experts, if they were recorded.
import { signal } from '@preact/signals'
import { findAnswer } from '../conversations/tree.ts'
import { loadState } from '../shared/models/model-choice.ts'
import { onDemand } from '../shared/on-demand.ts'
import { PartLoading } from '../shared/part-loading.tsx'
import { useModal } from '../shared/use-modal.ts'
import { conversation } from '../state/conversations.ts'
import { continueFrom, generating, regenerate } from '../state/session.ts'
import { recording, traces } from '../state/traces.ts'
import { expertStrings } from '../strings/experts.ts'
import { strings } from '../strings/strings.ts'

const useExpertView = onDemand(() => import('../experts/view/expert-view.tsx'))

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
  const id = inspected.value
  const shown = id !== undefined
  const element = useModal(shown)
  return (
    <dialog ref={element} class="sheet inside" aria-labelledby="experts-title" onClose={close}>
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
      <p>{generating.value ? strings.value.app.loading : text.notRecorded}</p>
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
  const state = loadState.value
  const trace = traces.value.get(id)
  const loaded = useExpertView()
  if (!loaded || !trace || state.phase !== 'ready') return <PartLoading />
  const goOn = (continuation: Parameters<typeof continueFrom>[1]) => {
    close()
    void continueFrom(id, continuation)
  }
  return (
    <loaded.ExpertView
      key={id}
      trace={trace}
      info={state.model.info}
      onContinue={generating.value ? undefined : goOn}
    />
  )
}
