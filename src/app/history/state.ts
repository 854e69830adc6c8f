// State of the list of conversations: whether it is shown, the search, and what is under way in it.
import { computed, effect, signal } from '@preact/signals'
import type { FoundText } from '../conversations/store.ts'
import type { TransferFormat } from '../conversations/transfer.ts'
import { readTitle } from '../conversations/tree.ts'
import { asFailure, type Failure } from '../shared/failure.ts'
import { LatestTask } from '../shared/latest-task.ts'
import { saveFile } from '../shared/save-file.ts'
import { browserStorage, tryOrUndefined } from '../shared/storage.ts'
import {
  addConversations,
  changeInfo,
  conversation,
  conversationList,
  deleteConversations,
  forgetDeleted,
  newConversation,
  openConversation,
  readConversations,
  restoreConversations,
  searchConversations,
  textSearch,
} from '../state/conversations.ts'
import { language, strings } from '../strings/strings.ts'
import { focusQuestion } from '../view/focus.ts'
import { foundRows, groupedRows } from './rows.ts'

const COLLAPSED_KEY = 'hadal.history.1'
/** Id of the search field. */
export const SEARCH_ID = 'history-search'
/** Narrower pages have the list in a drawer. The same width is in layout.css. */
const NARROW = '(max-width: 75rem)'

const collapsed = signal(tryOrUndefined(() => browserStorage().getItem(COLLAPSED_KEY)) === 'collapsed')
const narrowQuery = matchMedia(NARROW)
/** Whether the list is in a drawer. */
export const narrow = signal(narrowQuery.matches)
narrowQuery.onchange = ({ matches }) => {
  narrow.value = matches
  drawerOpen.value = false
}
export const drawerOpen = signal(false)
export const listShown = computed(() => (narrow.value ? drawerOpen.value : !collapsed.value))

/** Shows or hides the list; beside the chat, that is remembered. */
export function toggleList(): void {
  if (narrow.value) {
    drawerOpen.value = !drawerOpen.value
    return
  }
  collapsed.value = !collapsed.value
  tryOrUndefined(() => browserStorage().setItem(COLLAPSED_KEY, collapsed.value ? 'collapsed' : 'shown'))
}

export function closeDrawer(): void {
  drawerOpen.value = false
}

export const searched = signal('')
/** What the latest search found; undefined without one. */
export const found = signal<{ readonly text: string; readonly texts: readonly FoundText[] } | undefined>(
  undefined,
)
const searching = new LatestTask()

// Searches again when the list changes, for example because another tab deleted what was found.
effect(() => {
  const text = searched.value.trim()
  void conversationList.value
  const { signal } = searching.start()
  if (text === '') {
    found.value = undefined
    textSearch.end()
    return
  }
  void searchConversations(text).then((texts) => {
    if (!signal.aborted) found.value = { text, texts }
  })
})

/** What the list shows: what was found, or else all. */
export const rows = computed(() =>
  found.value
    ? foundRows(conversationList.value, found.value.texts)
    : groupedRows(conversationList.value, strings.value.history, language.value),
)

/** The conversation whose title is being edited. */
export const renaming = signal<string | undefined>(undefined)
/** The row that gets the focus once it is shown; undefined when that is done. */
export const focusedRow = signal<string | undefined>(undefined)

/** A message about what was done, with what undoes it. It stays until it is dismissed. */
export interface Notice {
  readonly text: string
  readonly details: readonly string[]
  readonly undo?: () => Promise<void>
}
export const notice = signal<Notice | undefined>(undefined)
export const confirmingDeletion = signal(false)

export function startNewChat(): void {
  closeDrawer()
  newConversation()
  focusQuestion()
}

export async function showConversation(id: string): Promise<void> {
  closeDrawer()
  await openConversation(id)
  focusQuestion()
}

/** Sets a title; an empty one changes nothing. */
export async function rename(id: string, title: string): Promise<void> {
  const given = readTitle(title)
  if (given !== '') await changeInfo(id, { title: given, renamed: true })
}

/** Deletes conversations, with a notice that can undo it, and focuses the row that follows. */
export async function deleteWithUndo(ids: readonly string[]): Promise<void> {
  const text = strings.value.history
  const [first = ''] = ids
  const list = conversationList.value
  const place = list.findIndex(({ id }) => id === first)
  const title = list[place]?.title || text.untitled
  const shown = ids.find((id) => id === conversation.value.info.id)
  await forgetEarlier()
  await deleteConversations(ids)
  focusedRow.value = (conversationList.value[place] ?? conversationList.value.at(-1))?.id
  notice.value = {
    text: ids.length === 1 ? text.deleted(title) : text.deletedMany(ids.length),
    details: [],
    async undo() {
      await restoreConversations(ids)
      if (shown !== undefined && conversation.value.messages.length === 0) await openConversation(shown)
      focusedRow.value = first
    },
  }
}

export async function undoNotice(): Promise<void> {
  const { undo } = notice.value ?? {}
  notice.value = undefined
  await undo?.()
}

export async function dismissNotice(): Promise<void> {
  const { undo } = notice.value ?? {}
  notice.value = undefined
  if (undo) await forgetDeleted()
}

async function forgetEarlier(): Promise<void> {
  if (notice.value?.undo) await dismissNotice()
}

/** Downloads conversations as a file. */
export async function exportConversations(ids: readonly string[], format: TransferFormat): Promise<void> {
  const { you, thinking } = strings.value.history
  try {
    const { exportFile } = await import('../conversations/transfer.ts')
    const { name, content } = exportFile(await readConversations(ids), format, { you, thinking })
    saveFile(name, content)
  } catch (error) {
    await showNotice(strings.value.history.exportFailed, [describe(asFailure(error))])
  }
}

/** What the file dialog offers. */
export const IMPORTED_TYPES = '.json,.md,.markdown,application/json,text/markdown'

/** Adds the conversations of exported files, and says which files could not be read. */
export async function importFiles(files: readonly File[]): Promise<void> {
  const text = strings.value.history
  const details: string[] = []
  let [imported, skipped] = [0, 0]
  const { readFile } = await import('../conversations/transfer.ts')
  for (const file of files) {
    try {
      const read = await readFile(file)
      await addConversations(read.conversations)
      imported += read.conversations.length
      skipped += read.skipped
    } catch (error) {
      details.push(describe(asFailure(error)))
    }
  }
  if (skipped > 0) details.push(text.skipped(skipped))
  await showNotice(text.imported(imported), details)
}

async function showNotice(text: string, details: readonly string[]): Promise<void> {
  await forgetEarlier()
  notice.value = { text, details }
}

const describe = ({ message, hint }: Failure): string => `${message} ${hint}`.trim()
