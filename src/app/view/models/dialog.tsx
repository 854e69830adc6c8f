// Answers: where does one choose a model? In a dialog: what is here, what else there is, and what it would take before it is loaded.
// It must not know how any of that is found out.
import { useEffect, useRef } from 'preact/hooks'
import { closeDialog, dialogOpen, look } from '../../state/models.ts'
import { Here } from './here.tsx'
import { Looked } from './looked.tsx'
import { OpenForm } from './open-form.tsx'

export function ModelsDialog() {
  const element = useRef<HTMLDialogElement>(null)
  const shown = dialogOpen.value
  useEffect(() => {
    if (shown) element.current?.showModal()
    else element.current?.close()
  }, [shown])
  return (
    <dialog ref={element} class="models" aria-labelledby="models-title" onClose={closeDialog}>
      {shown && (
        <>
          <header>
            <h2 id="models-title">Models</h2>
            <button class="quiet" type="button" onClick={closeDialog}>
              Close
            </button>
          </header>
          {look.value.phase === 'none' ? (
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
