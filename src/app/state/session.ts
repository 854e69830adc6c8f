// Asks the loaded model and writes its answers into conversations.
import { computed, effect, signal } from '@preact/signals'
import type { ChatCompletionChunk, ChatCompletionCreateParams, KvCacheUse, LoadedModel } from '../../index.ts'
import { isAborted } from '../../lib/error.ts'
import { holdAnswer } from '../conversations/changes.ts'
import {
  answerBelow,
  ask as askBelow,
  changeAnswer,
  findAnswer,
  isUnfinished,
  promptFor,
  shownPath,
  showVersion,
  touched,
} from '../conversations/tree.ts'
import type { Answer, AttachedDocument, Conversation, ConversationModel } from '../conversations/types.ts'
import { asFailure } from '../shared/failure.ts'
import { gpuBytes, loadState } from '../shared/models/model-choice.ts'
import { appendChunk, finish } from './answer.ts'
import {
  changeInfo,
  conversation,
  isDeleted,
  keepLive,
  liveConversation,
  showUpdate,
  updateConversation,
  writtenHere,
} from './conversations.ts'
import { toRequestFields } from './settings.ts'

/** Answers in progress in this tab, by conversation. */
const running = signal<ReadonlyMap<string, AbortController>>(new Map())

/** Whether this tab writes an answer of the conversation on the screen. */
export const generating = computed(() => running.value.has(conversation.value.info.id))
/** Ids of conversations with an answer in progress in this tab. */
export const runningConversations = computed(() => new Set(running.value.keys()))
export const thinkingEnabled = computed(() => conversation.value.info.thinking)

/** The path that is shown, from the first question to the last answer. */
export const path = computed(() => shownPath(conversation.value))
/** Tokens per second of the latest answer with a known speed; 0 without one. */
export const latestRate = computed(() => {
  const answers = path.value.flatMap(({ message }) => (message.role === 'assistant' ? message : []))
  return answers.findLast(({ tokensPerSecond }) => tokensPerSecond > 0)?.tokensPerSecond ?? 0
})

const NO_CACHE_USE: KvCacheUse = { tokens: 0, bytes: 0, standard_bytes: 0 }
const latestUse = signal<{ id: string; model: LoadedModel; use: KvCacheUse } | undefined>(undefined)
/** KV cache use of the conversation on the screen; zeros unless the loaded model computed it. */
export const cacheUse = computed(() => {
  const { id, model, use } = latestUse.value ?? {}
  const current = id === conversation.value.info.id
  return (
    (current && loadState.value.phase === 'ready' && loadState.value.model === model && use) || NO_CACHE_USE
  )
})

// Interval between redraws while an answer arrives, however fast the model is.
const REDRAW_MS = 33
// Interval between saves: the most that a crash of the tab can lose of an answer.
const SAVE_INTERVAL_MS = 1000

/** Asks a question below the last answer. */
export function ask(question: string, documents: readonly AttachedDocument[] = []): Promise<void> {
  return generate(askBelow(conversation.value, question, { documents }))
}

/** Asks an edited question beside an earlier one, which stays as another version. */
export function askEdited(id: string, question: string): Promise<void> {
  const before = conversation.value.messages.find((message) => message.id === id)
  if (before?.role !== 'user') return Promise.resolve()
  const { parent, documents = [] } = before
  return generate(askBelow(conversation.value, question, { parent, documents }))
}

/** Asks the same question again; the earlier answer stays as another version. */
export function regenerate(answerId: string): Promise<void> {
  const before = findAnswer(conversation.value, answerId)
  return before ? generate(answerBelow(conversation.value, before.parent)) : Promise.resolve()
}

/** Goes on with an answer that was stopped, cut off or failed. */
export function continueAnswer(answerId: string): Promise<void> {
  const begun = changeAnswer(conversation.value, answerId, ({ failure: _, ...answer }) => ({
    ...answer,
    status: answer.text !== '' ? 'writing' : 'waiting',
    cut: false,
  }))
  return generate({ ...begun, info: { ...begun.info, leaf: answerId } })
}

/** A new version of an answer that begins with given thinking and text and goes on from there. */
export function continueFrom(answerId: string, start: Pick<Answer, 'thinking' | 'text'>): Promise<void> {
  const before = findAnswer(conversation.value, answerId)
  if (!before) return Promise.resolve()
  const status = start.text !== '' ? 'writing' : 'thinking'
  return generate(answerBelow(conversation.value, before.parent, { ...start, status }))
}

/** Shows another version of a question or an answer. */
export function showMessage(id: string): void {
  void updateConversation(showVersion(conversation.value, id), [])
}

/** Stops the answer in progress in the conversation on the screen. */
export function stopGenerating(): void {
  running.value.get(conversation.value.info.id)?.abort()
}

export function setThinking(thinking: boolean): void {
  void changeInfo(conversation.value.info.id, { thinking })
}

/** Saves unfinished answers when the page is closed or hidden, since browsers may end hidden pages. */
export function saveOnPageHide(): void {
  const saveAll = () => {
    for (const id of running.value.keys()) {
      const live = liveConversation(id)
      if (live)
        void updateConversation(
          live,
          live.messages.filter((message) => writtenHere.has(message.id)),
        )
    }
  }
  addEventListener('pagehide', saveAll)
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') saveAll()
  })
}

/** Writes the answer at the leaf of a conversation, which may begin with a text to go on with. */
async function generate(begun: Conversation): Promise<void> {
  const { id, leaf } = begun.info
  if (loadState.value.phase !== 'ready' || running.value.has(id)) return
  const { model, choice } = loadState.value
  const source = typeof choice.source === 'string' ? { source: choice.source } : {}
  const used: ConversationModel = { name: choice.name, ...(choice.bundled ? {} : source) }
  const named = changeAnswer(begun, leaf, (answer) => ({ ...answer, model: choice.name }))
  const chat = { ...named, info: touched({ ...named.info, model: used }) }
  const task = new AbortController()
  const lock = holdAnswer(leaf)
  writtenHere.add(leaf)
  showUpdate(chat)
  const release = keepLive(id)
  running.value = new Map(running.value).set(id, task)
  const stopWatching = effect(() => {
    if (isDeleted(id)) task.abort()
  })
  const path = shownPath(chat).map(({ message }) => message)
  void updateConversation(chat, path.slice(-2))
  await writeAnswer(chat, model, task.signal)
  running.value = new Map([...running.value].filter(([other]) => other !== id))
  writtenHere.delete(leaf)
  stopWatching()
  void lock.end()
  release()
  gpuBytes.value = await model.gpuBytes().catch(() => ({}))
}

async function writeAnswer(chat: Conversation, model: LoadedModel, signal: AbortSignal): Promise<void> {
  const { id, leaf } = chat.info
  const start = findAnswer(chat, leaf)
  if (!start) return
  const screen = answerScreen(id, start)
  try {
    for await (const chunk of await model.chat.completions.create(requestFor(chat, start), { signal })) {
      const { choices, hadal } = chunk as ChatCompletionChunk
      const [choice] = choices
      if (!choice || !hadal) continue
      latestUse.value = { id, model, use: hadal.kv_cache }
      screen.show(
        'cached_tokens' in hadal
          ? finish(screen.latest(), hadal, choice.finish_reason === 'length', start.tokens)
          : appendChunk(screen.latest(), choice.delta, hadal, start.tokens),
      )
    }
  } catch (error) {
    const answer = screen.latest()
    if (isAborted(error)) screen.show({ ...answer, status: 'stopped' })
    else screen.show({ ...answer, status: 'failed', failure: asFailure(error) })
  }
  await screen.end()
}

function requestFor(chat: Conversation, { id, thinking, text }: Answer) {
  const begun = thinking !== '' || text !== ''
  const prefix = {
    role: 'assistant',
    content: text,
    ...(thinking !== '' && { reasoning_content: thinking }),
    prefix: true,
  } as const
  return {
    ...toRequestFields(chat.info.settings),
    messages: [...promptFor(chat, id), ...(begun ? [prefix] : [])],
    thinking: chat.info.thinking,
    stream: true,
  } as const satisfies ChatCompletionCreateParams
}

/** Passes an answer to the views and to the store, each at a limited rate. */
function answerScreen(id: string, start: Answer) {
  let latest = start
  let savedAt = performance.now()
  let timer: ReturnType<typeof setTimeout> | undefined
  const current = () => {
    const live = liveConversation(id)
    return live && changeAnswer(live, start.id, () => latest)
  }
  const draw = () => {
    timer = undefined
    const next = current()
    if (!next) return
    const due = performance.now() - savedAt >= SAVE_INTERVAL_MS
    if (!due) return showUpdate(next)
    savedAt = performance.now()
    void updateConversation(next, [latest])
  }
  return {
    latest: () => latest,
    show(next: Answer) {
      latest = next
      timer ??= setTimeout(draw, REDRAW_MS)
    },
    async end() {
      clearTimeout(timer)
      if (isUnfinished(latest)) latest = { ...latest, status: 'stopped' }
      const next = current()
      if (next) await updateConversation({ ...next, info: touched(next.info) }, [latest])
    },
  }
}
