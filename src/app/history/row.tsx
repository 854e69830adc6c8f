// One conversation of the list: opens it; its menu renames, pins, exports and deletes it.
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { ConversationInfo } from '../conversations/types.ts'
import { EditIcon } from '../shared/icons.tsx'
import { changeInfo, conversation } from '../state/conversations.ts'
import { runningConversations } from '../state/session.ts'
import { language, strings } from '../strings/strings.ts'
import { ExportIcon, MoreIcon, PinIcon, TrashIcon } from './icons.tsx'
import { MenuButton } from './menu-button.tsx'
import { type ItemRow, splitAtMatches } from './rows.ts'
import {
  deleteWithUndo,
  exportConversations,
  focusedRow,
  found,
  rename,
  renaming,
  showConversation,
} from './state.ts'

export interface ConversationRowProps {
  readonly row: ItemRow
  /** Of all conversations in the list. */
  readonly count: number
  /** Tab reaches it. */
  readonly reached: boolean
  readonly style: { readonly insetBlockStart: string }
}

export function ConversationRow({ row, count, reached, style }: ConversationRowProps) {
  const { info, place } = row
  const current = conversation.value.info.id === info.id
  return (
    <li
      class={current ? 'item current' : 'item'}
      style={style}
      data-item={info.id}
      aria-setsize={count}
      aria-posinset={place}
    >
      {renaming.value === info.id ? (
        <TitleForm info={info} />
      ) : (
        <>
          <OpenButton row={row} reached={reached} current={current} />
          <ItemMenu info={info} reached={reached} />
        </>
      )}
    </li>
  )
}

function OpenButton({ row, reached, current }: { row: ItemRow; reached: boolean; current: boolean }) {
  const { info, excerpt } = row
  const text = strings.value.history
  const title = info.title || text.untitled
  return (
    <button
      class="open"
      type="button"
      data-id={info.id}
      aria-current={current ? 'true' : undefined}
      tabIndex={reached ? 0 : -1}
      title={title}
      onClick={() => void showConversation(info.id)}
    >
      <span class="title" dir="auto">
        <Marked text={title} />
      </span>
      <span class="about" dir="auto">
        {runningConversations.value.has(info.id) && (
          <i class="writing" role="img" aria-label={text.writing} title={text.writing} />
        )}
        {excerpt ? <Marked text={excerpt} /> : about(info)}
      </span>
    </button>
  )
}

/** The model that answered last, and when. */
function about({ model, updated }: ConversationInfo): string {
  const time = new Date(updated)
  const today = time.toDateString() === new Date().toDateString()
  const when = today
    ? time.toLocaleTimeString(language.value, { hour: '2-digit', minute: '2-digit' })
    : time.toLocaleDateString(language.value, { day: 'numeric', month: 'short' })
  return [model?.name, when].filter(Boolean).join(' · ')
}

/** A text in which what was searched is marked. */
function Marked({ text }: { text: string }) {
  const parts = splitAtMatches(text, found.value?.text ?? '')
  return <>{parts.map((part, index) => (index % 2 === 1 ? <mark key={index}>{part}</mark> : part))}</>
}

function ItemMenu({ info, reached }: { info: ConversationInfo; reached: boolean }) {
  const text = strings.value.history
  const { id, pinned } = info
  const startRename = () => {
    renaming.value = id
  }
  const togglePin = async () => {
    await changeInfo(id, { pinned: !pinned })
    focusedRow.value = id
  }
  return (
    <MenuButton
      label={text.actionsFor(info.title || text.untitled)}
      icon={<MoreIcon />}
      tabIndex={reached ? 0 : -1}
      items={[
        { name: text.rename, icon: <EditIcon />, run: startRename },
        { name: pinned ? text.unpin : text.pin, icon: <PinIcon />, run: () => void togglePin() },
        {
          name: text.exportJson,
          icon: <ExportIcon />,
          run: () => void exportConversations([id], 'json'),
        },
        {
          name: text.exportMarkdown,
          icon: <ExportIcon />,
          run: () => void exportConversations([id], 'markdown'),
        },
        { name: text.delete, icon: <TrashIcon />, danger: true, run: () => void deleteWithUndo([id]) },
      ]}
    />
  )
}

/** Enter and leaving the field save the title, Escape does not. */
function TitleForm({ info: { id, title } }: { info: ConversationInfo }) {
  const input = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => input.current?.select(), [])
  const end = (save: boolean, focus: boolean) => {
    if (renaming.value !== id) return
    renaming.value = undefined
    if (focus) focusedRow.value = id
    if (save) void rename(id, input.current?.value ?? '')
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        end(true, true)
      }}
    >
      <input
        ref={input}
        type="text"
        dir="auto"
        maxLength={500}
        aria-label={strings.value.history.newName}
        defaultValue={title}
        onBlur={() => end(true, false)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return
          event.preventDefault()
          end(false, true)
        }}
      />
    </form>
  )
}
