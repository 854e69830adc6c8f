// Answers: where does one choose a model? In a dialog: what is here, what else there is, and what it would take before it is loaded.
// It must not know how any of that is found out.
import { useLayoutEffect, useRef } from 'preact/hooks'
import { closeDialog, dialogOpen, look } from '../../state/models.ts'
import { Here } from './here.tsx'
import { LOOKED_TITLE, Looked } from './looked.tsx'
import { OPEN_TITLE, OpenForm } from './open-form.tsx'

export function ModelsDialog() {
  const element = useRef<HTMLDialogElement>(null)
  const shown = dialogOpen.value
  // After every change: the browser closes a dialog by itself, too, and may say so only later.
  useLayoutEffect(() => {
    if (shown === element.current?.open) return
    if (shown) element.current?.showModal()
    else element.current?.close()
  })
  const { phase } = look.value
  const before = useRef(phase)
  // What had the focus goes when something else is shown. A plan made anew is the same plan: one stays at the choice.
  useLayoutEffect(() => {
    if (shown && before.current !== phase)
      document.getElementById(phase === 'none' ? OPEN_TITLE : LOOKED_TITLE)?.focus()
    before.current = phase
  })
  // Escape, said before the dialog is closed, so that no answer that comes in between opens it again. Pickers within have a `cancel` of their own.
  const onCancel = ({ target, currentTarget }: Event) => {
    if (target === currentTarget) closeDialog()
  }
  // By the time the browser says so, something else may have opened the dialog again.
  const onClose = (event: Event & { currentTarget: HTMLDialogElement }) => {
    if (!event.currentTarget.open) closeDialog()
  }
  return (
    <dialog ref={element} class="models" aria-labelledby="models-title" onCancel={onCancel} onClose={onClose}>
      {shown && (
        <>
          <header>
            <h2 id="models-title">Models</h2>
            <button class="quiet" type="button" onClick={closeDialog}>
              Close
            </button>
          </header>
          {phase === 'none' ? (
            <>
              <Here />
              <OpenForm />
            </>
          ) : (
            <Looked />
          )}
        </>
      )}
    </dialog>
  )
}
