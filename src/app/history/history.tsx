// The list of conversations: beside the chat, or in a drawer on narrow pages.
import { useModal } from '../shared/use-modal.ts'
import { strings } from '../strings/strings.ts'
import { DeleteAllDialog } from './delete-all-dialog.tsx'
import { ListIcon } from './icons.tsx'
import { NoticeView } from './notice.tsx'
import { HistoryPanel } from './panel.tsx'
import { closeDrawer, drawerOpen, listShown, narrow, toggleList } from './state.ts'

export function History() {
  const label = strings.value.history.conversations
  return (
    <>
      {narrow.value && <Drawer label={label} />}
      {!narrow.value && listShown.value && (
        <nav class="history" aria-label={label}>
          <HistoryPanel />
        </nav>
      )}
      {!drawerOpen.value && <NoticeView />}
      <DeleteAllDialog />
    </>
  )
}

/** Shows and hides the list. */
export function HistoryButton() {
  const { showList, hideList } = strings.value.history
  const label = listShown.value ? hideList : showList
  return (
    <button
      class="small show-history"
      type="button"
      aria-label={label}
      title={label}
      aria-expanded={listShown.value}
      onClick={toggleList}
    >
      <ListIcon />
    </button>
  )
}

function Drawer({ label }: { label: string }) {
  const shown = drawerOpen.value
  const element = useModal(shown)
  const onClick = ({ target, currentTarget }: Event) => {
    if (target === currentTarget) closeDrawer()
  }
  const onClose = ({ target, currentTarget }: Event) => {
    if (target === currentTarget) closeDrawer()
  }
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the browser closes it on Escape
    <dialog ref={element} class="drawer" aria-label={label} onClick={onClick} onClose={onClose}>
      {shown && (
        <div class="history">
          <HistoryPanel />
          <NoticeView />
        </div>
      )}
    </dialog>
  )
}
