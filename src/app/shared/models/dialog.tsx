// The models dialog: models to try, stored models, a form to open others, and the load plan of one.
import { useSignalEffect } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { strings } from '../../strings/strings.ts'
import { CatalogueView } from './catalogue-view.tsx'
import { closeDialog, dialogOpen, dialogTab, PANEL_TITLE, planState, refreshStored } from './dialog-state.ts'
import { DialogTabs, TAB_PANEL, tabId } from './dialog-tabs.tsx'
import { DownloadList } from './download-list.tsx'
import { answerRunning, downloads, restoreDownloads } from './downloads.ts'
import { switchTo } from './get-model.ts'
import { OpenForm } from './open-form.tsx'
import { PLAN_TITLE, PlanResult } from './plan-result.tsx'
import { StoredModels } from './stored-models.tsx'

export function ModelsDialog() {
  const element = useRef<HTMLDialogElement>(null)
  const texts = strings.value.models.dialog
  const shown = dialogOpen.value
  useDownloads()
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
      document.getElementById(phase === 'none' ? PANEL_TITLE : PLAN_TITLE)?.focus()
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
            <h2 id="models-title">{texts.title}</h2>
            <button class="quiet" type="button" onClick={closeDialog}>
              {texts.close}
            </button>
          </header>
          {phase === 'none' ? (
            <>
              <DownloadList />
              <DialogTabs />
              <div id={TAB_PANEL} role="tabpanel" aria-labelledby={tabId(dialogTab.value)}>
                {dialogTab.value === 'catalogue' && <CatalogueView />}
                {dialogTab.value === 'stored' && <StoredModels />}
                {dialogTab.value === 'other' && <OpenForm />}
              </div>
            </>
          ) : (
            <PlanResult />
          )}
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
