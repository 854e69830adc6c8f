// Works on what the cache holds of an application's conversation: prefills it, saves it, restores it.
import { assert, throwIfAborted } from '../../lib/error.ts'
import type { SessionResult, SessionTask } from '../session-types.ts'
import type { PromptRequest } from '../types.ts'
import { refuseHeadless } from './headless.ts'
import { prefill } from './prefill.ts'
import { resolveRequest } from './request.ts'
import { restoreSession } from './restore-session.ts'
import { saveSession } from './save-session.ts'
import type { SessionContext } from './session-context.ts'

/** Does a task. The engine must be the caller's alone. @throws HadalError as `Engine.sessionTask` */
export function runSessionTask(
  context: SessionContext,
  task: SessionTask,
  signal?: AbortSignal,
): Promise<SessionResult> {
  refuseHeadless(context.runtime.spec)
  switch (task.type) {
    case 'prefill':
      return prefillConversation(context, task.request, signal)
    case 'save':
      return saveSession(context, task, signal)
    case 'restore':
      return restoreSession(context, task.saved, signal)
  }
}

/**
 * Prefills a conversation up to where an answer would begin, and leaves it in the cache. After an abort, the
 * cache keeps what was prefilled.
 */
async function prefillConversation(
  { runtime, prefixes, model }: SessionContext,
  request: PromptRequest,
  signal: AbortSignal | undefined,
): Promise<SessionResult> {
  const { prompt } = await resolveRequest(request, runtime, model)
  const session = prefixes.take(prompt)
  const missing = prompt.length - session.length
  let refused: string | undefined
  runtime.onGpuError((reason) => {
    refused ??= reason
  })
  try {
    if (missing > 0) {
      await prefixes.ensure(session, missing)
      await prefixes.reserve(session, missing)
      runtime.writePageTable(session)
      await prefill(runtime, session, prompt, signal)
      await runtime.idle()
      assert(!refused, `The GPU refused a step: ${refused}`)
    }
    session.rewind(session.length) // releases pages that an abort left unused
  } catch (error) {
    session.rewind(0) // the cache state is unknown after a failure
    throw error
  } finally {
    prefixes.put(session)
  }
  throwIfAborted(signal)
  return { tokens: missing }
}
