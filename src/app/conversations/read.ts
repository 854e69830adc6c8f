// Reads conversations from untrusted JSON: an imported file, or what earlier versions of the page stored.
import { HadalError } from '../../lib/error.ts'
import { isJsonObject } from '../../lib/json.ts'
import { readSettings } from '../state/settings.ts'
import { titleOf } from './tree.ts'
import {
  ANSWER_STATUSES,
  type Answer,
  type AttachedDocument,
  type Conversation,
  type ConversationModel,
  type Message,
  type Question,
  ROOT,
} from './types.ts'

const MAX_MESSAGES = 20_000

/**
 * A conversation with new ids, so that it replaces none. Messages of an unknown form are left out, as is what
 * is below them. Throws `bad_file` if it is none at all.
 */
export function readConversation(json: unknown): Conversation {
  if (!isJsonObject(json) || !Array.isArray(json.messages))
    throw new HadalError('bad_file', 'This is not a conversation: it has no list of messages.', {
      hint: 'Choose a file that was exported from this page.',
    })
  const ids = new Map([[ROOT, ROOT]])
  const messages: Message[] = []
  for (const raw of json.messages.slice(0, MAX_MESSAGES)) {
    const parent = isJsonObject(raw) ? ids.get(asText(raw.parent)) : undefined
    if (!isJsonObject(raw) || parent === undefined || ids.has(asText(raw.id))) continue
    const base = { id: crypto.randomUUID() as string, parent, created: messages.length }
    const read = raw.role === 'user' ? readQuestion(raw, base) : readAnswer(raw, base)
    if (!read) continue
    ids.set(asText(raw.id), base.id)
    messages.push(read)
  }
  const question = messages.find((message) => message.role === 'user')?.text ?? ''
  const now = Date.now()
  const model = readModel(json.model)
  return {
    info: {
      id: crypto.randomUUID(),
      title: asText(json.title).trim().slice(0, 500) || titleOf(question),
      renamed: json.renamed === true,
      pinned: json.pinned === true,
      created: asTime(json.created, now),
      updated: asTime(json.updated, now),
      leaf: ids.get(asText(json.leaf)) || (messages.at(-1)?.id ?? ROOT),
      settings: readSettings(json.settings),
      thinking: json.thinking !== false,
      ...(typeof json.thinkingBudget === 'number' && { thinkingBudget: asNumber(json.thinkingBudget) }),
      ...(model && { model }),
    },
    messages,
  }
}

type Base = Pick<Message, 'id' | 'parent' | 'created'>

function readQuestion(raw: Record<string, unknown>, base: Base): Question | undefined {
  if (typeof raw.text !== 'string') return undefined
  const documents = Array.isArray(raw.documents) ? raw.documents.flatMap(readDocument) : []
  return { ...base, role: 'user', text: raw.text, ...(documents.length > 0 && { documents }) }
}

function readDocument(raw: unknown): AttachedDocument[] {
  if (!isJsonObject(raw) || typeof raw.text !== 'string') return []
  return [{ name: asText(raw.name), text: raw.text, tokens: asNumber(raw.tokens) }]
}

function readAnswer(raw: Record<string, unknown>, base: Base): Answer | undefined {
  if (raw.role !== 'assistant') return undefined
  const status = ANSWER_STATUSES.find((known) => known === raw.status)
  return {
    ...base,
    role: 'assistant',
    // What was being generated is not any more.
    status: status === 'done' || status === 'failed' ? status : 'stopped',
    thinking: asText(raw.thinking),
    text: asText(raw.text),
    thinkingMs: asNumber(raw.thinkingMs),
    model: asText(raw.model),
    tokens: asNumber(raw.tokens),
    tokensPerSecond: asNumber(raw.tokensPerSecond),
    promptTokens: asNumber(raw.promptTokens),
    cachedTokens: asNumber(raw.cachedTokens),
    cut: raw.cut === true,
    ...(isJsonObject(raw.failure) && {
      failure: {
        code: asText(raw.failure.code),
        message: asText(raw.failure.message),
        hint: asText(raw.failure.hint),
      },
    }),
  }
}

function readModel(raw: unknown): ConversationModel | undefined {
  if (!isJsonObject(raw) || typeof raw.name !== 'string') return undefined
  return {
    name: raw.name,
    ...(raw.bundled === true && { bundled: true }),
    ...(typeof raw.source === 'string' && { source: raw.source }),
  }
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : '')
const asNumber = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 0
const asTime = (value: unknown, now: number): number => Math.min(asNumber(value) || now, now)
