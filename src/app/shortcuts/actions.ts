// What the keyboard shortcuts do.
import { signal } from '@preact/signals'
import { listShown, SEARCH_ID, toggleList } from '../history/state.ts'
import { changeTheme, nextTheme, theme } from '../preferences/theme.ts'
import { openDialog } from '../shared/models/dialog-state.ts'
import { loadState } from '../shared/models/model-choice.ts'
import { conversation, conversationList, newConversation, openConversation } from '../state/conversations.ts'
import { generating, path, regenerate, stopGenerating } from '../state/session.ts'
import { strings } from '../strings/strings.ts'
import { QUESTION_ID } from '../view/focus.ts'
import { openShortcuts, type Shortcut } from './state.ts'

/** Says what a key has done where nothing else shows it. */
export const outcome = signal('')

export function runShortcut(shortcut: Shortcut): void {
  outcome.value = ''
  ACTIONS[shortcut]()
}

const ACTIONS: Readonly<Record<Shortcut, () => void>> = {
  help: openShortcuts,
  newChat() {
    newConversation()
    focus(QUESTION_ID)
  },
  question: () => focus(QUESTION_ID),
  search() {
    if (!listShown.value) toggleList()
    requestAnimationFrame(() => focus(SEARCH_ID))
  },
  stop: stopGenerating,
  regenerate() {
    const answer = path.value.at(-1)?.message
    if (answer?.role === 'assistant' && canAsk()) void regenerate(answer.id)
  },
  edit: () => [...document.querySelectorAll<HTMLButtonElement>('button[data-edit]')].at(-1)?.click(),
  copy: () => void copyLastAnswer(),
  models: openDialog,
  theme() {
    changeTheme(nextTheme())
    outcome.value = strings.value.app.themes[theme.value]
  },
  next: () => openNeighbour(1),
  previous: () => openNeighbour(-1),
}

const canAsk = () => loadState.value.phase === 'ready' && !generating.value

const focus = (id: string) => document.getElementById(id)?.focus()

async function copyLastAnswer(): Promise<void> {
  const answer = path.value
    .map(({ message }) => message)
    .findLast(({ role, text }) => role === 'assistant' && text)
  if (!answer) return
  const { copied, notCopied } = strings.value.app
  outcome.value = await navigator.clipboard.writeText(answer.text).then(
    () => copied,
    () => notCopied,
  )
}

/** From an empty conversation, which is not in the list, both ways lead to the first one. */
function openNeighbour(step: 1 | -1): void {
  const list = conversationList.value
  const place = list.findIndex(({ id }) => id === conversation.value.info.id)
  const target = list[place < 0 ? 0 : place + step]
  if (target) void openConversation(target.id)
}
