// The list of keyboard shortcuts in a dialog, loaded when it is first opened.

import { useLayoutEffect, useRef } from 'preact/hooks'
import { IconButton } from '../shared/icon-button.tsx'
import { CloseIcon } from '../shared/icons.tsx'
import { strings } from '../strings/strings.ts'
import { changeSingleKeys, SHORTCUT_KEYS, type Shortcut, shortcutsOpen, singleKeys } from './state.ts'

export function ShortcutsDialog() {
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
        <IconButton label={text.close} onPress={() => element.current?.close()}>
          <CloseIcon />
        </IconButton>
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
