// The models dialog: its frame, and what is to happen while it is closed.
import { useSignalEffect } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { strings } from '../../strings/strings.ts'
import { onDemand } from '../on-demand.ts'
import { PartLoading } from '../part-loading.tsx'
import { useModal } from '../use-modal.ts'
import { closeDialog, dialogOpen, refreshStored } from './dialog-state.ts'
import { answerRunning, downloads, restoreDownloads } from './downloads.ts'
import { switchTo } from './get-model.ts'

const useContent = onDemand(() => import('./dialog-content.tsx'))

export function ModelsDialog() {
  const texts = strings.value.models.dialog
  const shown = dialogOpen.value
  const element = useModal(shown)
  const content = useContent(shown)
  useDownloads()
  // Escape: this event precedes closing, so no late result can reopen the dialog. File inputs inside fire
  // `cancel` events of their own.
  const onCancel = ({ target, currentTarget }: Event) => {
    if (target === currentTarget) closeDialog()
  }
  // By the time this event fires, the dialog may be open again.
  const onClose = (event: Event & { currentTarget: HTMLDialogElement }) => {
    if (!event.currentTarget.open) closeDialog()
  }
  return (
    <dialog
      ref={element}
      class="sheet models"
      aria-labelledby="models-title"
      onCancel={onCancel}
      onClose={onClose}
    >
      {shown && (
        <>
          <header>
            <h2 id="models-title">{texts.title}</h2>
            <button class="quiet" type="button" onClick={closeDialog}>
              {texts.close}
            </button>
          </header>
          {content ? <content.DialogContent /> : <PartLoading />}
        </>
      )}
    </dialog>
  )
}

/** Shows what an earlier visit left incomplete, and switches to a ready model where that was asked. */
function useDownloads(): void {
  useEffect(() => void restoreDownloads(), [])
  useSignalEffect(() => {
    const ready = downloads.value.filter(({ state }) => state === 'ready')
    if (ready.length > 0) void refreshStored()
    const wanted = ready.find(({ switchWhenReady }) => switchWhenReady)
    if (wanted && !answerRunning.value) switchTo(wanted)
  })
}
