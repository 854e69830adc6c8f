// The models dialog: its frame, and what is to happen while it is closed.
import { signal, useSignalEffect } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { strings } from '../../strings/strings.ts'
import { closeDialog, dialogOpen, refreshStored } from './dialog-state.ts'
import { answerRunning, downloads, restoreDownloads } from './downloads.ts'
import { switchTo } from './get-model.ts'

const content = signal<typeof import('./dialog-content.tsx').DialogContent | undefined>(undefined)

export function ModelsDialog() {
  const element = useRef<HTMLDialogElement>(null)
  const texts = strings.value.models.dialog
  const shown = dialogOpen.value
  const Content = content.value
  useDownloads()
  useEffect(() => {
    if (!shown || Content) return
    void import('./dialog-content.tsx').then(({ DialogContent }) => {
      content.value = DialogContent
    })
  }, [shown])
  // On every render: the browser may also have closed the dialog, and its event can come later.
  useLayoutEffect(() => {
    if (shown === element.current?.open) return
    if (shown) element.current?.showModal()
    else element.current?.close()
  })
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
    <dialog ref={element} class="models" aria-labelledby="models-title" onCancel={onCancel} onClose={onClose}>
      {shown && (
        <>
          <header>
            <h2 id="models-title">{texts.title}</h2>
            <button class="quiet" type="button" onClick={closeDialog}>
              {texts.close}
            </button>
          </header>
          {Content && <Content />}
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
