// The tabs of the models dialog: models to try, those on this device, and other sources.
import { strings } from '../../strings/strings.ts'
import { type DialogTab, dialogTab, storedModelList } from './dialog-state.ts'

const TABS = ['catalogue', 'stored', 'other'] as const
/** Id of the panel that the tabs switch. */
export const TAB_PANEL = 'models-panel'
export const tabId = (tab: DialogTab): string => `models-tab-${tab}`

export function DialogTabs() {
  const texts = strings.value.models.dialog
  const select = (tab: DialogTab) => {
    dialogTab.value = tab
  }
  const onKeyDown = (event: KeyboardEvent & { currentTarget: HTMLElement }) => {
    const rtl = getComputedStyle(event.currentTarget).direction === 'rtl'
    const steps: Record<string, number> = { ArrowRight: rtl ? -1 : 1, ArrowLeft: rtl ? 1 : -1 }
    const now = TABS.indexOf(dialogTab.value)
    const step = steps[event.key]
    const ends: Record<string, number> = { Home: 0, End: TABS.length - 1 }
    const at = step === undefined ? ends[event.key] : (now + step + TABS.length) % TABS.length
    const next = at === undefined ? undefined : TABS[at]
    if (!next) return
    event.preventDefault()
    select(next)
    document.getElementById(tabId(next))?.focus()
  }
  return (
    <div class="tabs" role="tablist" aria-label={texts.tabs} onKeyDown={onKeyDown}>
      {TABS.map((tab) => (
        <button
          key={tab}
          id={tabId(tab)}
          type="button"
          role="tab"
          aria-selected={dialogTab.value === tab}
          aria-controls={TAB_PANEL}
          tabIndex={dialogTab.value === tab ? 0 : -1}
          onClick={() => select(tab)}
        >
          {tab === 'other' ? texts.otherTab : texts[tab]}
          {tab === 'stored' && <span class="count">{storedModelList.value.length + 1}</span>}
        </button>
      ))}
    </div>
  )
}
