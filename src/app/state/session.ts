// The current conversation: signals for the views, and the actions that change it.

import { computed, signal } from '@preact/signals'
import type { ChatCompletionChunk, LoadedModel } from '../../index.ts'
import { asHadalError, isAborted } from '../../lib/error.ts'
import { LatestTask, type TaskHandle } from '../shared/latest-task.ts'
import { gpuBytes, loadState } from '../shared/models/model-choice.ts'
import {
  addQuestion,
  appendChunk,
  type Conversation,
  EMPTY_CONVERSATION,
  isGenerating,
  markFailed,
  markFinished,
  markStopped,
  NO_CACHE_USE,
  replaceQuestion,
  retryLastQuestion,
  toMessages,
} from './conversation.ts'
import { restoreConversation, saveBeforeLeaving, saveConversation } from './conversation-storage.ts'
import { settings, toRequestFields } from './settings.ts'

export const conversation = signal<Conversation>(restoreConversation())
/** The conversation that a new chat replaced; can be restored until the next question. */
export const replacedConversation = signal<Conversation | undefined>(undefined)
export const thinkingEnabled = signal(true)
export const generating = computed(() => isGenerating(conversation.value))
/** Tokens per second of the latest answer with a known speed; 0 without one. */
export const latestRate = computed(
  () =>
    conversation.value.turns.findLast(({ answer }) => answer.tokensPerSecond > 0)?.answer.tokensPerSecond ??
    0,
)

const answeringModel = signal<LoadedModel | undefined>(undefined)
/** KV cache use of this conversation; zeros unless the loaded model computed it. */
export const cacheUse = computed(
  () =>
    (loadState.value.phase === 'ready' &&
      loadState.value.model === answeringModel.value &&
      conversation.value.cache) ||
    NO_CACHE_USE,
)

// Interval between redraws while an answer arrives, however fast the model is.
const REDRAW_MS = 33
// Interval between saves: the most that a crash of the tab can lose of an answer.
const SAVE_INTERVAL_MS = 2000
const answering = new LatestTask()

/** Asks a question. */
export function ask(question: string): Promise<void> {
  return generateAnswer(addQuestion(conversation.value, question))
}

/** Asks the last question again. */
export function regenerate(): Promise<void> {
  return generateAnswer(retryLastQuestion(conversation.value))
}

/** Asks an edited question in place of an earlier one. */
export function askEdited(id: number, question: string): Promise<void> {
  return generateAnswer(replaceQuestion(conversation.value, id, question))
}

/** Stops the answer in progress. */
export function stopGenerating(): void {
  answering.abort()
}

/** Starts an empty conversation; the old one can be restored. */
export function newChat(): void {
  stopGenerating()
  replacedConversation.value = generating.value ? markStopped(conversation.value) : conversation.value
  conversation.value = EMPTY_CONVERSATION
  saveConversation(EMPTY_CONVERSATION)
}

/** Restores the conversation that a new chat replaced. */
export function undoNewChat(): void {
  if (!replacedConversation.value) return
  conversation.value = replacedConversation.value
  replacedConversation.value = undefined
  saveConversation(conversation.value)
}

/** Saves the conversation when the page is closed or hidden, since browsers may end hidden pages. */
export function saveOnPageHide(): void {
  addEventListener('pagehide', () => saveBeforeLeaving(conversation.value))
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') saveBeforeLeaving(conversation.value)
  })
}

async function generateAnswer(begun: Conversation): Promise<void> {
  if (loadState.value.phase !== 'ready' || generating.value) return
  const { model } = loadState.value
  const task = answering.start()
  replacedConversation.value = undefined
  // Another model's cache use does not apply to this one.
  conversation.value = answeringModel.value === model ? begun : { ...begun, cache: undefined }
  answeringModel.value = model
  saveConversation(conversation.value)
  const screen = redrawLimiter(task)
  try {
    for await (const next of streamAnswer(begun, model, task.signal)) screen.show(next)
  } catch (error) {
    const latest = screen.latest()
    screen.show(isAborted(error) ? markStopped(latest) : markFailed(latest, asHadalError(error)))
  }
  screen.end()
  gpuBytes.value = await model.gpuBytes().catch(() => ({}))
}

/** Yields the conversation after each chunk. */
async function* streamAnswer(
  begun: Conversation,
  model: LoadedModel,
  signal: AbortSignal,
): AsyncGenerator<Conversation> {
  let next = begun
  const { system } = settings.value
  const before = system.trim() === '' ? [] : [{ role: 'system', content: system } as const]
  const messages = [...before, ...toMessages(begun)]
  const request = {
    ...toRequestFields(settings.value),
    messages,
    thinking: thinkingEnabled.value,
    stream: true,
  } as const
  for await (const chunk of await model.chat.completions.create(request, { signal })) {
    next = applyChunk(next, chunk)
    yield next
  }
}

function applyChunk(chat: Conversation, { choices, hadal }: ChatCompletionChunk): Conversation {
  const [choice] = choices
  if (!choice || !hadal) return chat
  const { tokens, tokens_per_second: tokensPerSecond, kv_cache: cache } = hadal
  if ('cached_tokens' in hadal) {
    const cut = choice.finish_reason === 'length'
    return markFinished(chat, { cut, tokens, tokensPerSecond, cachedTokens: hadal.cached_tokens, cache })
  }
  const { reasoning_content: thinking = '', content: text = '' } = choice.delta
  return appendChunk(chat, { thinking, text, tokens, tokensPerSecond, cache }, performance.now())
}

/** Passes conversations to the views at a limited rate, and stops once another answer or chat has begun. */
function redrawLimiter({ isLatest }: TaskHandle) {
  let latest = conversation.value
  let savedAt = performance.now()
  let timer: ReturnType<typeof setTimeout> | undefined
  const draw = () => {
    timer = undefined
    if (!isLatest() || conversation.value === EMPTY_CONVERSATION) return
    conversation.value = latest
    if (performance.now() - savedAt < SAVE_INTERVAL_MS) return
    savedAt = performance.now()
    saveConversation(latest)
  }
  return {
    latest: () => latest,
    show(next: Conversation) {
      latest = next
      timer ??= setTimeout(draw, REDRAW_MS)
    },
    end() {
      clearTimeout(timer)
      draw()
      if (isLatest()) saveConversation(conversation.value)
    },
  }
}
