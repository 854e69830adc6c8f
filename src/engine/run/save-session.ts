// Saves a conversation with the keys and values that the cache has of it.
import { readBuffers } from '../../gpu/readback.ts'
import { throwIfAborted } from '../../lib/error.ts'
import { writeSavedSession } from '../../lib/saved-session.ts'
import type { SessionResult, SessionTask } from '../session-types.ts'
import { PAGE_TOKENS } from './kv-cache.ts'
import { promptOf } from './request.ts'
import { savedForm } from './saved-form.ts'
import { pagesFor, type Session } from './session.ts'
import type { SessionContext } from './session-context.ts'

/** Bytes that are read from the GPU, or written to it, at once: staging stays small. */
export const PIECE_BYTES = 4 << 20

/** The saved session as a Blob; with messages only, if the cache has nothing of the conversation. */
export async function saveSession(
  context: SessionContext,
  { request, conversation }: SessionTask & { readonly type: 'save' },
  signal: AbortSignal | undefined,
): Promise<SessionResult> {
  const { prefixes, model } = context
  // A conversation that the template refuses, as it ends now, is saved all the same.
  const prompt = request && (await promptOf(request, model.tokenizer, model.chat).catch(() => undefined))
  const { session, cached: tokens } = prefixes.find(prompt?.ids ?? [])
  const form = await savedForm(context)
  const parts: BlobPart[] = []
  if (session) {
    parts.push(Uint32Array.from(session.tokens.slice(0, tokens)))
    for await (const piece of readPages(context, session, tokens)) {
      throwIfAborted(signal)
      parts.push(piece)
    }
  }
  const header = { ...form, tokens, pages: pagesFor(tokens) }
  return { tokens, saved: await writeSavedSession(header, conversation, parts) }
}

/** The pages of the first `tokens` tokens, layer by layer. What follows these tokens is zero. */
async function* readPages(
  { runtime }: SessionContext,
  session: Session,
  tokens: number,
): AsyncGenerator<Blob> {
  const { cache, spec, ownPrograms } = runtime
  const bytes = cache.pageBytes // what a draft layer has is left out
  const pages = session.pages.slice(0, pagesFor(tokens))
  const step = Math.max(1, Math.floor(PIECE_BYTES / bytes))
  const unused = (pages.length - tokens / PAGE_TOKENS) * bytes // another conversation's, it may be
  for (let layer = 0; layer < spec.layers.length; layer++) {
    for (let first = 0; first < pages.length; first += step) {
      const ranges = pages
        .slice(first, first + step)
        .map((page) => ({ source: cache.buffer(layer), offset: page * bytes, bytes }))
      const read = await readBuffers(ownPrograms.device, ranges)
      const last = read.at(-1)
      if (last && first + step >= pages.length) new Uint8Array(last, bytes - unused).fill(0)
      yield new Blob(read) // which a browser may keep on disk
    }
  }
}
