// What the list of conversations consists of: new chat, actions for all, search, and the rows.

import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { IconButton } from '../shared/icon-button.tsx'
import { CloseIcon, NewIcon } from '../shared/icons.tsx'
import { conversation, conversationList, storageFailure, textSearch } from '../state/conversations.ts'
import { strings } from '../strings/strings.ts'
import { ExportIcon, ImportIcon, MoreIcon, SearchIcon, TrashIcon } from './icons.tsx'
import { LazyRows } from './lazy-rows.tsx'
import { MenuButton } from './menu-button.tsx'
import {
  closeDrawer,
  confirmingDeletion,
  exportConversations,
  focusedRow,
  found,
  IMPORTED_TYPES,
  importFiles,
  narrow,
  rows,
  SEARCH_ID,
  searched,
  startNewChat,
} from './state.ts'

export function HistoryPanel() {
  const text = strings.value.history
  const dropping = useSignal(false)
  const failure = storageFailure.value
  const drop = {
    onDragOver(event: DragEvent) {
      if (!event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      dropping.value = true
    },
    onDragLeave({ relatedTarget, currentTarget }: DragEvent & { currentTarget: HTMLElement }) {
      dropping.value = relatedTarget instanceof Node && currentTarget.contains(relatedTarget)
    },
    // The page takes files that are dropped elsewhere for a model.
    onDrop(event: DragEvent) {
      event.preventDefault()
      event.stopPropagation()
      dropping.value = false
      void importFiles([...(event.dataTransfer?.files ?? [])])
    },
  }
  return (
    <div class="panel" {...drop}>
      <PanelHead />
      <SearchField />
      {failure && (
        <p class="failure" role="alert">
          {failure.message} {failure.hint}
        </p>
      )}
      {rows.value.length > 0 && <LazyRows />}
      {conversationList.value.length === 0 && !found.value && <p class="nothing">{text.nothing}</p>}
      {dropping.value && <p class="dropping">{text.dropHere}</p>}
    </div>
  )
}

function PanelHead() {
  const text = strings.value.history
  return (
    <div class="head">
      <button
        class="quiet new"
        type="button"
        disabled={conversation.value.messages.length === 0}
        onClick={startNewChat}
      >
        <NewIcon /> {text.newChat}
      </button>
      <AllMenu />
      {narrow.value && (
        <IconButton label={text.close} onPress={closeDrawer}>
          <CloseIcon />
        </IconButton>
      )}
    </div>
  )
}

function AllMenu() {
  const text = strings.value.history
  const input = useRef<HTMLInputElement>(null)
  const none = conversationList.value.length === 0
  const all = () => conversationList.value.map(({ id }) => id)
  const choose = () => input.current?.click()
  const take = ({ currentTarget }: Event & { currentTarget: HTMLInputElement }) => {
    const files = [...(currentTarget.files ?? [])]
    // So that the same file can be chosen again.
    currentTarget.value = ''
    void importFiles(files)
  }
  const exportAll = (format: 'json' | 'markdown') => () => void exportConversations(all(), format)
  const confirm = () => {
    confirmingDeletion.value = true
  }
  return (
    <>
      <MenuButton
        label={text.allActions}
        icon={<MoreIcon />}
        items={[
          { name: text.import, icon: <ImportIcon />, run: choose },
          { name: text.exportAllJson, icon: <ExportIcon />, disabled: none, run: exportAll('json') },
          { name: text.exportAllMarkdown, icon: <ExportIcon />, disabled: none, run: exportAll('markdown') },
          { name: text.deleteAll, icon: <TrashIcon />, danger: true, disabled: none, run: confirm },
        ]}
      />
      <input ref={input} type="file" multiple hidden accept={IMPORTED_TYPES} onChange={take} />
    </>
  )
}

function SearchField() {
  const text = strings.value.history
  const input = useRef<HTMLInputElement>(null)
  const clear = () => {
    searched.value = ''
    input.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && searched.value !== '') {
      event.preventDefault()
      clear()
    }
    const first = rows.value.find((row) => row.kind === 'item')
    if (event.key === 'ArrowDown' && first) {
      event.preventDefault()
      focusedRow.value = first.info.id
    }
  }
  return (
    <search class="search">
      <SearchIcon />
      <input
        ref={input}
        id={SEARCH_ID}
        type="text"
        enterkeyhint="search"
        aria-label={text.search}
        placeholder={text.searchHint}
        autocomplete="off"
        value={searched.value}
        onFocus={() => textSearch.prepare()}
        onInput={({ currentTarget }) => {
          searched.value = currentTarget.value
        }}
        onKeyDown={onKeyDown}
      />
      {searched.value !== '' && (
        <IconButton label={text.clearSearch} onPress={clear}>
          <CloseIcon />
        </IconButton>
      )}
      <span class={found.value ? 'figures' : 'unseen'} role="status">
        {found.value && text.found(found.value.texts.length)}
      </span>
    </search>
  )
}
