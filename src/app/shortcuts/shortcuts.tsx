// Listens for keyboard shortcuts, lists them in a dialog, and says what one has done.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { CloseIcon } from '../shared/icons.tsx'
import { strings } from '../strings/strings.ts'
import { QUESTION_ID } from '../view/focus.ts'
import { outcome, runShortcut } from './actions.ts'
import {
  changeSingleKeys,
  SHORTCUT_KEYS,
  type Shortcut,
  shortcutOf,
  shortcutsOpen,
  singleKeys,
} from './state.ts'

const OUTCOME_MS = 1500
/** Where keys are typed or mean something else. */
const TYPING = 'input, textarea, select, [contenteditable], [role="textbox"]'
const COVERING = 'dialog[open], [popover]:popover-open'

export function Shortcuts() {
  useEffect(() => {
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  }, [])
  return (
    <>
      {shortcutsOpen.value && <ShortcutsDialog />}
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

function ShortcutsDialog() {
  const element = useRef<HTMLDialogElement>(null)
  const text = strings.value.app
  useLayoutEffect(() => element.current?.showModal(), [])
  const rows = (Object.keys(SHORTCUT_KEYS) as Shortcut[]).map(
    (name) => [text.shortcut[name], SHORTCUT_KEYS[name]] as const,
  )
  const onClose = () => {
    shortcutsOpen.value = false
  }
  return (
    <dialog ref={element} class="sheet shortcuts" aria-labelledby="shortcuts-title" onClose={onClose}>
      <header>
        <h2 id="shortcuts-title">{text.shortcuts}</h2>
        <button
          class="small"
          type="button"
          aria-label={text.close}
          title={text.close}
          onClick={() => element.current?.close()}
        >
          <CloseIcon />
        </button>
      </header>
      <h3>{text.anywhere}</h3>
      <KeyList rows={rows} />
      <label class="single-keys">
        <input
          type="checkbox"
          checked={singleKeys.value}
          onChange={({ currentTarget }) => changeSingleKeys(currentTarget.checked)}
        />
        {text.singleKeys}
      </label>
      <h3>{text.inQuestion}</h3>
      <KeyList
        rows={[
          [text.questionKeys.send, 'Enter'],
          [text.questionKeys.newLine, 'Shift + Enter'],
          [text.questionKeys.leave, 'Esc'],
        ]}
      />
    </dialog>
  )
}

function KeyList({ rows }: { rows: readonly (readonly [action: string, key: string])[] }) {
  return (
    <dl class="keys-list">
      {rows.map(([action, key]) => (
        <div key={key}>
          <dt>{action}</dt>
          <dd>
            <kbd>{key}</kbd>
          </dd>
        </div>
      ))}
    </dl>
  )
}
