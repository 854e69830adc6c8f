// Puts the keys and values of a saved session into the cache. The file may be hostile.
import { throwIfAborted } from '../../lib/error.ts'
import {
  bytesOf,
  checkHash,
  damagedSession,
  openSavedSession,
  type SavedSession,
} from '../../lib/saved-session.ts'
import type { SessionResult } from '../session-types.ts'
import { PAGE_TOKENS } from './kv-cache.ts'
import { PIECE_BYTES } from './save-session.ts'
import { checkForm, savedForm } from './saved-form.ts'
import { pagesFor, Session } from './session.ts'
import type { SessionContext } from './session-context.ts'

/**
 * Checks the whole file before anything is allocated. What is beyond the budget of the cache is left out.
 * @throws HadalError `bad_file` (damaged, or of another version), `bad_request` (of another model, or of
 * another form of it), `out_of_memory`
 */
export async function restoreSession(
  context: SessionContext,
  file: Blob,
  signal: AbortSignal | undefined,
): Promise<SessionResult> {
  const { runtime, prefixes, info } = context
  const saved = await openSavedSession(file)
  await checkHash(file, signal)
  const { header } = saved
  checkForm(header, await savedForm(context))
  if (header.pages !== pagesFor(header.tokens)) throw damagedSession('its pages are not those of its tokens')
  const all = new Uint32Array((await bytesOf(saved.ids)).buffer)
  if (all.some((id) => id >= info.vocab)) throw damagedSession('it has ids that are no tokens of the model')
  const most = Math.min(runtime.options.keptPages * PAGE_TOKENS, info.contextLength)
  const ids = [...all.subarray(0, most)]
  if (prefixes.find(ids).cached === ids.length) return { tokens: 0 }
  const session = new Session(runtime.cache)
  try {
    await prefixes.reserve(session, ids.length)
    session.append(ids)
    await writePages(context, session, saved, signal)
  } catch (error) {
    session.close()
    throw error
  }
  prefixes.put(session)
  return { tokens: ids.length }
}

async function writePages(
  { runtime }: SessionContext,
  session: Session,
  { header, pages }: SavedSession,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { cache, ownPrograms } = runtime
  const { queue } = ownPrograms.device.gpu
  const { layers, pageBytes: bytes } = header
  const step = Math.max(1, Math.floor(PIECE_BYTES / bytes))
  for (let layer = 0; layer < layers; layer++) {
    for (let first = 0; first < session.pages.length; first += step) {
      throwIfAborted(signal)
      const into = session.pages.slice(first, first + step)
      const start = (layer * header.pages + first) * bytes
      const read = await bytesOf(pages.slice(start, start + into.length * bytes))
      into.forEach((page, index) => {
        queue.writeBuffer(cache.buffer(layer), page * bytes, read, index * bytes, bytes)
      })
      queue.submit([]) // otherwise the writes would pile up in staging memory
      await runtime.idle()
    }
  }
}
