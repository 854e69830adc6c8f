// Asks twice before all conversations are deleted.
import { useSignal } from '@preact/signals'
import { useModal } from '../shared/use-modal.ts'
import { conversationList } from '../state/conversations.ts'
import { strings } from '../strings/strings.ts'
import { confirmingDeletion, deleteWithUndo } from './state.ts'

export function DeleteAllDialog() {
  const again = useSignal(false)
  const shown = confirmingDeletion.value
  const element = useModal(shown)
  const close = () => {
    confirmingDeletion.value = false
    again.value = false
  }
  const goOn = () => {
    if (!again.value) {
      again.value = true
      return
    }
    close()
    void deleteWithUndo(conversationList.value.map(({ id }) => id))
  }
  const text = strings.value.history
  const count = conversationList.value.length
  return (
    <dialog ref={element} class="sheet confirm" aria-labelledby="delete-all-title" onClose={close}>
      {shown && (
        <>
          <h2 id="delete-all-title">{again.value ? text.deleteAllAgain : text.deleteAllTitle(count)}</h2>
          <p>{again.value ? text.deleteAllLast(count) : text.deleteAllText}</p>
          <div class="actions">
            <button class="quiet" type="button" onClick={close}>
              {text.cancel}
            </button>
            <button class={again.value ? 'primary danger' : 'quiet'} type="button" onClick={goOn}>
              {again.value ? text.deleteNow(count) : text.continue}
            </button>
          </div>
        </>
      )}
    </dialog>
  )
}
