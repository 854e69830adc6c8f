// Writes answers of the loaded model into a conversation, and keeps what is known of answers in progress.
import { effect, signal } from '@preact/signals'
import type {
  ChatCompletionChunk,
  ChatCompletionCreateParams,
  ChatCompletionMessageParam,
  KvCacheUse,
  LoadedModel,
} from '../../index.ts'
import { expectDefined, isAborted } from '../../lib/error.ts'
import { holdAnswer } from '../conversations/changes.ts'
import { answersTogether, isUnfinished, promptFor, touched, withAnswers } from '../conversations/tree.ts'
import type { Answer, Conversation, ConversationModel } from '../conversations/types.ts'
import { asFailure } from '../shared/failure.ts'
import type { ModelChoice } from '../shared/models/load-state.ts'
import { gpuBytes, loadState } from '../shared/models/model-choice.ts'
import { appendChunk, finish } from './answer.ts'
import {
  isDeleted,
  keepLive,
  liveConversation,
  showUpdate,
  updateConversation,
  writtenHere,
} from './conversations.ts'
import { restoreCache, saveCache } from './saved-cache.ts'
import { toRequestFields } from './settings.ts'
import { recordChunk, recordFields } from './traces.ts'

/** Answers in progress in this tab, by conversation. */
export const running = signal<ReadonlyMap<string, AbortController>>(new Map())
/** KV cache use, as the latest chunk told it. */
export const latestUse = signal<{ id: string; model: LoadedModel; use: KvCacheUse } | undefined>(undefined)

// Interval between redraws while an answer arrives, however fast the model is.
const REDRAW_MS = 33
// Interval between saves: the most that a crash of the tab can lose of an answer.
const SAVE_INTERVAL_MS = 1000

export interface GenerateOptions {
  /** The message to go on from, if that is not what the answer shows. */
  readonly prefix?: ChatCompletionMessageParam
  /** In place of the budget of the conversation. */
  readonly thinkingBudget?: number
}

/**
 * Writes the answer at the leaf of a conversation, which may begin with a text to go on with, and those that
 * are asked for together with it.
 */
export async function generate(begun: Conversation, options: GenerateOptions = {}): Promise<void> {
  const { id, leaf } = begun.info
  if (loadState.value.phase !== 'ready' || running.value.has(id)) return
  const { model, choice } = loadState.value
  const answers = answersTogether(begun, leaf).map((answer) => ({ ...answer, model: choice.name }))
  const named = withAnswers(begun, answers)
  const chat = { ...named, info: touched({ ...named.info, model: modelOf(choice) }) }
  const task = new AbortController()
  const locks = answers.map((answer) => holdAnswer(answer.id))
  for (const answer of answers) writtenHere.add(answer.id)
  showUpdate(chat)
  const release = keepLive(id)
  running.value = new Map(running.value).set(id, task)
  const stopWatching = effect(() => {
    if (isDeleted(id)) task.abort()
  })
  const question = chat.messages.filter((message) => message.id === answers[0]?.parent)
  void updateConversation(chat, [...question, ...answers])
  await restoreCache(chat, model)
  await writeAnswers(chat, model, requestFor(chat, answers, options), task.signal)
  const written = liveConversation(id)
  running.value = new Map([...running.value].filter(([other]) => other !== id))
  for (const answer of answers) writtenHere.delete(answer.id)
  stopWatching()
  for (const lock of locks) void lock.end()
  release()
  if (written) void saveCache(written, model)
  gpuBytes.value = await model.gpuBytes().catch(() => ({}))
}

/** Stops the answers in progress of a conversation; resolves when they are settled. */
export async function stop(id: string): Promise<void> {
  running.value.get(id)?.abort()
  await new Promise<void>((resolve) => {
    const end = effect(() => {
      if (!running.value.has(id)) queueMicrotask(() => resolve(end()))
    })
  })
}

/** What a conversation remembers of a model. */
export function modelOf({ name, bundled, source }: ModelChoice): ConversationModel {
  if (bundled) return { name, bundled }
  return { name, ...(typeof source === 'string' && { source }) }
}

async function writeAnswers(
  chat: Conversation,
  model: LoadedModel,
  request: ReturnType<typeof requestFor>,
  signal: AbortSignal,
): Promise<void> {
  const { id, leaf } = chat.info
  const screens = answersTogether(chat, leaf).map((answer) => answerScreen(id, answer))
  const fields = recordFields(model.info)
  try {
    for await (const chunk of await model.chat.completions.create({ ...request, ...fields }, { signal })) {
      const { choices, hadal }: ChatCompletionChunk = chunk
      const [choice] = choices
      const screen = choice && screens[choice.index]
      if (!screen || !hadal) continue
      if (fields) recordChunk(screen.id, chunk)
      latestUse.value = { id, model, use: hadal.kv_cache }
      screen.show((answer) =>
        'cached_tokens' in hadal
          ? finish(answer, hadal, choice.finish_reason === 'length', screen.tokensBefore)
          : appendChunk(answer, choice.delta, hadal, screen.tokensBefore),
      )
    }
  } catch (error) {
    const ending = isAborted(error)
      ? ({ status: 'stopped' } as const)
      : ({ status: 'failed', failure: asFailure(error) } as const)
    for (const screen of screens)
      screen.show((answer) => (isUnfinished(answer) ? { ...answer, ...ending } : answer))
  }
  for (const screen of screens) screen.end()
}

function requestFor(
  { info, messages }: Conversation,
  answers: readonly Answer[],
  { prefix, thinkingBudget = info.thinkingBudget }: GenerateOptions,
) {
  const first = expectDefined(answers[0], 'an answer to write')
  const last = prefix ?? prefixOf(first)
  return {
    ...toRequestFields(info.settings),
    messages: [...promptFor({ info, messages }, first.id), ...(last ? [last] : [])],
    thinking: info.thinking,
    ...(info.thinking && thinkingBudget !== undefined && { thinking_budget: thinkingBudget }),
    ...(answers.length > 1 && { n: answers.length }),
    stream: true,
  } as const satisfies ChatCompletionCreateParams
}

/** The message to go on from, of an answer that has begun. */
function prefixOf({ thinking, text }: Answer): ChatCompletionMessageParam | undefined {
  if (thinking === '' && text === '') return undefined
  const reasoning = thinking !== '' && { reasoning_content: thinking }
  return { role: 'assistant', content: text, ...reasoning, prefix: true }
}

/** Passes an answer to the views and to the store, each at a limited rate. */
function answerScreen(id: string, start: Answer) {
  let latest = start
  let savedAt = performance.now()
  let timer: ReturnType<typeof setTimeout> | undefined
  const current = () => {
    const live = liveConversation(id)
    return live && withAnswers(live, [latest])
  }
  const draw = () => {
    timer = undefined
    const next = current()
    // A complete answer is shown with the end of the stream: then the next question can be asked.
    if (!next || !isUnfinished(latest)) return
    const due = performance.now() - savedAt >= SAVE_INTERVAL_MS
    if (!due) return showUpdate(next)
    savedAt = performance.now()
    void updateConversation(next, [latest])
  }
  return {
    id: start.id,
    tokensBefore: start.tokens,
    show(change: (answer: Answer) => Answer) {
      latest = change(latest)
      timer ??= setTimeout(draw, REDRAW_MS)
    },
    /** Shows the complete answer and begins to save it. */
    end() {
      clearTimeout(timer)
      if (isUnfinished(latest)) latest = { ...latest, status: 'stopped' }
      const next = current()
      if (next) void updateConversation({ ...next, info: touched(next.info) }, [latest])
    },
  }
}
