// Listens for keyboard shortcuts, lists them in a dialog, and says what one has done.
import { useEffect } from 'preact/hooks'
import { onDemand } from '../shared/on-demand.ts'
import { QUESTION_ID } from '../view/focus.ts'
import { outcome, runShortcut } from './actions.ts'
import { shortcutOf, shortcutsOpen, singleKeys } from './state.ts'

const OUTCOME_MS = 1500
/** Where keys are typed or mean something else. */
const TYPING = 'input, textarea, select, [contenteditable], [role="textbox"]'
const COVERING = 'dialog[open], [popover]:popover-open'

const useDialog = onDemand(() => import('./dialog.tsx'))

export function Shortcuts() {
  const open = shortcutsOpen.value
  const dialog = useDialog(open)
  useEffect(() => {
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  }, [])
  return (
    <>
      {open && dialog && <dialog.ShortcutsDialog />}
      <Outcome />
    </>
  )
}

function onKeyDown(event: KeyboardEvent): void {
  const { target } = event
  if (!(target instanceof Element)) return
  if (target.id === QUESTION_ID && event.key === 'Escape' && !event.isComposing) {
    ;(target as HTMLElement).blur()
    return
  }
  if (target.closest(TYPING) || document.querySelector(COVERING)) return
  const shortcut = shortcutOf(event)
  if (!shortcut || (!singleKeys.value && shortcut !== 'help')) return
  event.preventDefault()
  runShortcut(shortcut)
}

function Outcome() {
  const text = outcome.value
  useEffect(() => {
    if (text === '') return
    const timer = setTimeout(() => {
      outcome.value = ''
    }, OUTCOME_MS)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <p class={text === '' ? 'outcome unseen' : 'outcome'} role="status">
      {text}
    </p>
  )
}
