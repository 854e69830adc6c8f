// The files that go with the next question: reading them, their tokens, and whether they fit.
import { computed, signal } from '@preact/signals'
import type { LoadedModel } from '../../index.ts'
import { ask, contentOf, promptFor } from '../conversations/tree.ts'
import type { AttachedDocument, Conversation } from '../conversations/types.ts'
import { cleanName } from './file-names.ts'
import { type Problem, ProblemError } from './problem.ts'

export interface Attachment {
  readonly id: number
  readonly name: string
  readonly bytes: number
  readonly reading?: AbortController
  readonly problem?: Problem
  /** Empty while it is read, or if it cannot be. */
  readonly text: string
  /** Tokens of the loaded model; undefined while they are not known. */
  readonly tokens?: number | undefined
}

/** Tokens that the attached documents and the question need, and those that the context has left. */
export interface Fit {
  readonly needed: number
  readonly left: number
  readonly contextLength: number
}

export const attachments = signal<readonly Attachment[]>([])
/** Set once all are read and counted; undefined without attachments. */
export const fit = signal<Fit | undefined>(undefined)
/** Some files are still being read. */
export const readingFiles = computed(() => attachments.value.some(({ reading }) => reading))
export const tooLong = computed(() => fit.value !== undefined && fit.value.needed > fit.value.left)

/** Some files were left out, because there were too many. */
export const leftOut = signal(false)

/** Files that can be attached at the same time. */
export const MAX_FILES = 20
/** Tokens that an answer is left, or an eighth of a short context. */
const ANSWER_TOKENS = 256

let lastId = 0

/** Attaches files, and reads them one after the other. */
export async function attachFiles(files: readonly File[]): Promise<void> {
  const room = Math.max(0, MAX_FILES - attachments.value.length)
  const added = files.slice(0, room).map((file) => ({ file, begun: begin(file) }))
  leftOut.value = files.length > room
  attachments.value = [...attachments.value, ...added.map(({ begun }) => begun)]
  for (const { file, begun } of added) {
    const { signal } = begun.reading
    if (signal.aborted) continue
    try {
      const { readDocument } = await import('./read-document.ts')
      change(begun.id, { text: await readDocument(file, signal) })
    } catch (error) {
      change(begun.id, { problem: error instanceof ProblemError ? error.problem : 'unreadable' })
    }
  }
}

/** Removes an attachment; one that is being read stops. */
export function detach(id: number): void {
  attachments.value.find((each) => each.id === id)?.reading?.abort()
  attachments.value = attachments.value.filter((each) => each.id !== id)
  if (readable().length === 0) fit.value = undefined
  leftOut.value = false
}

/** Counts what was read with the model's tokenizer, and measures whether it fits after the conversation. */
export async function countTokens(model: LoadedModel, chat: Conversation): Promise<void> {
  const counted = readable()
  if (readingFiles.value || counted.length === 0) return
  for (const { id, name, text } of counted)
    change(id, { tokens: await model.countTokens(partOf({ name, text, tokens: 0 })) })
  const measured = await measure(model, chat, '')
  const unchanged =
    readable()
      .map(({ id }) => id)
      .join() === counted.map(({ id }) => id).join()
  if (unchanged) fit.value = measured
}

/**
 * The documents to send with a question, which are then no longer attached; undefined if they do not fit,
 * which `fit` then says.
 */
export async function takeDocuments(
  model: LoadedModel,
  chat: Conversation,
  question: string,
): Promise<readonly AttachedDocument[] | undefined> {
  if (readable().length > 0) {
    // What cannot be counted is sent: the model refuses what does not fit.
    fit.value = await measure(model, chat, question).catch(() => undefined)
    if (tooLong.value) return undefined
  }
  const taken = readable().map(toDocument)
  attachments.value = []
  fit.value = undefined
  leftOut.value = false
  return taken
}

async function measure(model: LoadedModel, chat: Conversation, question: string): Promise<Fit> {
  const { contextLength } = model.info
  const count = (documents: readonly AttachedDocument[], text: string) => {
    const asked = ask(chat, text, { documents })
    return model.countTokens({ messages: promptFor(asked, asked.info.leaf) })
  }
  const documents = readable().map(toDocument)
  const before = await count([], '')
  const answer = Math.min(ANSWER_TOKENS, Math.floor(contextLength / 8))
  const left = Math.max(0, contextLength - answer - before)
  const atLeast = documents.reduce((sum, { tokens }) => sum + tokens, 0)
  const needed = atLeast > left ? atLeast : (await count(documents, question)) - before
  return { needed, left, contextLength }
}

function begin({ name, size }: File): Attachment & { readonly reading: AbortController } {
  return { id: ++lastId, name: cleanName(name), bytes: size, reading: new AbortController(), text: '' }
}

function change(
  id: number,
  outcome: Pick<Attachment, 'tokens'> | { text: string } | { problem: Problem },
): void {
  attachments.value = attachments.value.map((each) => {
    if (each.id !== id) return each
    const { reading: _, ...rest } = each
    return { ...rest, ...outcome }
  })
}

const readable = () => attachments.value.filter(({ text }) => text !== '')
const toDocument = ({ name, text, tokens = 0 }: Attachment): AttachedDocument => ({ name, text, tokens })
const partOf = (document: AttachedDocument) => contentOf({ role: 'user', text: '', documents: [document] })
