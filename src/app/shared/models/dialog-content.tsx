// What the models dialog shows, loaded when it is first opened: lists and forms, or the load plan of one.
import { useLayoutEffect, useRef } from 'preact/hooks'
import { CatalogueView } from './catalogue-view.tsx'
import { dialogTab, PANEL_TITLE, planState } from './dialog-state.ts'
import { DialogTabs, TAB_PANEL, tabId } from './dialog-tabs.tsx'
import { DownloadList } from './download-list.tsx'
import { OpenForm } from './open-form.tsx'
import { PLAN_TITLE, PlanResult } from './plan-result.tsx'
import { StoredModels } from './stored-models.tsx'

export function DialogContent() {
  const { phase } = planState.value
  const before = useRef(phase)
  // Another view removes the focused element. An updated plan is the same view, so the focus stays.
  useLayoutEffect(() => {
    if (before.current !== phase)
      document.getElementById(phase === 'none' ? PANEL_TITLE : PLAN_TITLE)?.focus()
    before.current = phase
  })
  if (phase !== 'none') return <PlanResult />
  return (
    <>
      <DownloadList />
      <DialogTabs />
      <div id={TAB_PANEL} role="tabpanel" aria-labelledby={tabId(dialogTab.value)}>
        {dialogTab.value === 'catalogue' && <CatalogueView />}
        {dialogTab.value === 'stored' && <StoredModels />}
        {dialogTab.value === 'other' && <OpenForm />}
      </div>
    </>
  )
}
