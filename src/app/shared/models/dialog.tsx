// The models dialog: stored models, a form to open others, models to try, and the load plan of one.
import { useLayoutEffect, useRef } from 'preact/hooks'
import { closeDialog, dialogOpen, planState } from './dialog-state.ts'
import { ListedModels } from './listed-models.tsx'
import { OPEN_TITLE, OpenForm } from './open-form.tsx'
import { PLAN_TITLE, PlanResult } from './plan-result.tsx'
import { StoredModels } from './stored-models.tsx'

export function ModelsDialog() {
  const element = useRef<HTMLDialogElement>(null)
  const shown = dialogOpen.value
  // On every render: the browser may also have closed the dialog, and its event can come later.
  useLayoutEffect(() => {
    if (shown === element.current?.open) return
    if (shown) element.current?.showModal()
    else element.current?.close()
  })
  const { phase } = planState.value
  const before = useRef(phase)
  // Another view removes the focused element. An updated plan is the same view, so the focus stays.
  useLayoutEffect(() => {
    if (shown && before.current !== phase)
      document.getElementById(phase === 'none' ? OPEN_TITLE : PLAN_TITLE)?.focus()
    before.current = phase
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
            <h2 id="models-title">Models</h2>
            <button class="quiet" type="button" onClick={closeDialog}>
              Close
            </button>
          </header>
          {phase === 'none' ? (
            <>
              <StoredModels />
              <OpenForm />
              <ListedModels />
            </>
          ) : (
            <PlanResult />
          )}
        </>
      )}
    </dialog>
  )
}
