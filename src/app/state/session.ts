// Answers: how does the conversation go on? Signals for the screen, and the actions that change them.
// It must not know how anything looks, nor where the model comes from.
import { computed, signal } from '@preact/signals'
import type { ChatCompletionChunk, Model } from '../../index.ts'
import {
  asked,
  askedAgain,
  askedInstead,
  type Chat,
  emptyChat,
  failed,
  finished,
  isAnswering,
  messagesOf,
  received,
  stopped,
} from './chat.ts'
import { failureOf, gpuBytes, load } from './opening.ts'
import { requestOf, settings } from './settings.ts'
import { keep, keepOnLeaving, restore } from './stored.ts'

export const chat = signal<Chat>(restore())
/** The conversation that was given up for a new one, until the next question: it can be had back. */
export const givenUp = signal<Chat | undefined>(undefined)
export const think = signal(true)
export const answering = computed(() => isAnswering(chat.value))
/** Tokens a second of the newest answer that has a speed; 0 before there is one. */
export const latestRate = computed(
  () => chat.value.turns.findLast(({ answer }) => answer.tokensPerSecond > 0)?.answer.tokensPerSecond ?? 0,
)

const answeredBy = signal<Model | undefined>(undefined)
/** What the cache of the model in use holds for this conversation. */
export const cacheUse = computed(() =>
  load.value.phase === 'ready' && load.value.model === answeredBy.value ? chat.value.cache : undefined,
)

// The screen is redrawn this often while an answer arrives, however fast the model is.
const redrawMs = 33
// So much of an answer is lost at most when the tab comes to a sudden end.
const keepMs = 2000
let running: AbortController | undefined

/** Asks a question. */
export function ask(question: string): Promise<void> {
  return answer(asked(chat.value, question))
}

/** Asks the last question again. */
export function askAgain(): Promise<void> {
  return answer(askedAgain(chat.value))
}

/** Asks another question in place of an earlier one. */
export function askInstead(id: number, question: string): Promise<void> {
  return answer(askedInstead(chat.value, id, question))
}

/** Stops the answer in progress. */
export function stop(): void {
  running?.abort()
}

/** Forgets the conversation. */
export function newChat(): void {
  stop()
  givenUp.value = answering.value ? stopped(chat.value) : chat.value
  chat.value = emptyChat
  keep(emptyChat)
}

/** Takes the conversation back that a new chat has forgotten. */
export function undoNewChat(): void {
  if (!givenUp.value) return
  chat.value = givenUp.value
  givenUp.value = undefined
  keep(chat.value)
}

/** Keeps what a page would take along that is closed, or that the browser ends while nobody sees it. */
export function watchLeaving(): void {
  addEventListener('pagehide', () => keepOnLeaving(chat.value))
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') keepOnLeaving(chat.value)
  })
}

async function answer(begun: Chat): Promise<void> {
  if (load.value.phase !== 'ready' || answering.value) return
  const { model } = load.value
  const abort = new AbortController()
  running = abort
  givenUp.value = undefined
  // What another model's cache holds says nothing of this one's.
  chat.value = answeredBy.value === model ? begun : { ...begun, cache: undefined }
  answeredBy.value = model
  keep(chat.value)
  const screen = redraw(abort)
  try {
    for await (const next of answers(begun, model, abort.signal)) screen.show(next)
  } catch (error) {
    const failure = failureOf(error)
    screen.show(failure.code === 'aborted' ? stopped(screen.latest()) : failed(screen.latest(), failure))
  }
  screen.end()
  gpuBytes.value = await model.gpuBytes().catch(() => ({}))
}

/** The chat after each chunk. */
async function* answers(begun: Chat, model: Model, signal: AbortSignal): AsyncGenerator<Chat> {
  let next = begun
  const { system } = settings.value
  const before = system.trim() === '' ? [] : [{ role: 'system', content: system } as const]
  const messages = [...before, ...messagesOf(begun)]
  const request = { ...requestOf(settings.value), messages, thinking: think.value, stream: true } as const
  for await (const chunk of await model.chat.completions.create(request, { signal })) {
    next = applied(next, chunk)
    yield next
  }
}

function applied(chat: Chat, { choices, hadal }: ChatCompletionChunk): Chat {
  const [choice] = choices
  if (!choice || !hadal) return chat
  const { tokens, tokens_per_second: tokensPerSecond, kv_cache: cache } = hadal
  if ('cached_tokens' in hadal) {
    const cut = choice.finish_reason === 'length'
    return finished(chat, { cut, tokens, tokensPerSecond, cachedTokens: hadal.cached_tokens, cache })
  }
  const { reasoning_content: thinking = '', content: text = '' } = choice.delta
  return received(chat, { thinking, text, tokens, tokensPerSecond, cache }, performance.now())
}

/** Passes chats on to the screen, not more often than it can be looked at; nothing at all once the conversation was left. */
function redraw(owner: AbortController) {
  let latest = chat.value
  let keptAt = performance.now()
  let timer: ReturnType<typeof setTimeout> | undefined
  const draw = () => {
    timer = undefined
    if (running !== owner || chat.value === emptyChat) return
    chat.value = latest
    if (performance.now() - keptAt < keepMs) return
    keptAt = performance.now()
    keep(latest)
  }
  return {
    latest: () => latest,
    show(next: Chat) {
      latest = next
      timer ??= setTimeout(draw, redrawMs)
    },
    end() {
      clearTimeout(timer)
      draw()
      if (running === owner) keep(chat.value)
    },
  }
}
