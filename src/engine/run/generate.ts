// Generates an answer token by token: reuses the cached prefix, prefills the rest, decodes.
import { kvBytesPerToken } from '../../models/cache-layout.ts'
import type { TextTokenizer } from '../../text/tokenizer.ts'
import type { FinishReason, GenerateDelta, GenerateEvent, KvUsage } from '../types.ts'
import { Answer, type AnswerDelta } from './answer.ts'
import { type Decoder, DecodeSteps, FreeDecoder } from './decoder.ts'
import { PAGE_TOKENS } from './kv-cache.ts'
import type { SessionRoom } from './prefix-cache.ts'
import type { Runtime } from './runtime.ts'
import { pagesFor, type Session } from './session.ts'
import type { GenerateTask } from './task.ts'

interface GenerateContext {
  readonly tokenizer: TextTokenizer
  readonly signal: AbortSignal | undefined
  readonly room: SessionRoom
}

/**
 * Generates one answer. Unless it throws, the session holds the prompt and the answer so far when it ends.
 */
export async function* generate(
  runtime: Runtime,
  session: Session,
  task: GenerateTask,
  { tokenizer, signal, room }: GenerateContext,
): AsyncGenerator<GenerateEvent> {
  const started = performance.now()
  let firstTokenAt: number | undefined
  const { prompt, resume, maxTokens } = task
  const answer = new Answer(task, tokenizer)
  const steps = new DecodeSteps(runtime, session, task, room)
  // Prefill at least one id: sampling needs its logits.
  const cached = Math.min(session.commonPrefix(prompt), prompt.length - 1)
  session.rewind(cached)
  const withUsage = (delta: AnswerDelta): GenerateDelta => ({ ...delta, kv: kvUse(runtime, session) })
  const finished = (finishReason: FinishReason): GenerateEvent => {
    const now = performance.now()
    const first = firstTokenAt ?? now
    return {
      type: 'done',
      finishReason,
      promptTokens: prompt.length,
      cachedTokens: cached,
      tokens: answer.tokens,
      reasoningTokens: answer.reasoningTokens,
      prefillMs: first - started,
      decodeMs: now - first,
      dispatchesPerToken: runtime.dispatches,
      readbacksPerToken: answer.tokens === 0 ? 0 : steps.readbacks / answer.tokens,
      kv: kvUse(runtime, session),
    }
  }
  try {
    if (!answer.finishReason) {
      await room.ensure(session, prompt.length - cached + maxTokens)
      await steps.reserve(prompt.length + resume.length)
      await runtime.reportLogprobs(task.logprobs !== undefined)
      if (!(await prefill(runtime, session, prompt, signal))) return yield finished('abort')
      if (!(await replay(runtime, session, resume, signal))) return yield finished('abort')
      runtime.writeSampling(task)
      const decoder: Decoder = new FreeDecoder(steps, task)
      while (!answer.finishReason) {
        const result = signal?.aborted ? undefined : await decoder.next()
        if (!result) answer.finishReason = signal?.aborted ? 'abort' : 'stop'
        else {
          firstTokenAt ??= performance.now()
          yield withUsage(answer.take(result))
        }
      }
    }
    const rest = answer.end()
    if (rest) yield withUsage(rest)
    yield finished(answer.finishReason)
  } catch (error) {
    session.rewind(0) // the cache state is unknown after a failure
    throw error
  } finally {
    await steps.settle()
  }
}

/**
 * Prefills the part of the prompt that is not in the session yet, in chunks. The session holds the chunks
 * that were submitted as a whole. Returns false if aborted, at the latest when the submission that runs is
 * done.
 */
export async function prefill(
  runtime: Pick<Runtime, 'prefill' | 'options'>,
  session: Session,
  prompt: readonly number[],
  signal?: AbortSignal,
): Promise<boolean> {
  for (let at = session.length; at < prompt.length; at = session.length) {
    const ids = prompt.slice(at, at + runtime.options.prefillChunk)
    if (!(await runtime.prefill(ids, at, { signal }))) return false
    session.append(ids)
  }
  return true
}

/** Decode steps of a replay between two waits: submissions stay short, and an abort ends it soon. */
const REPLAYED_AT_ONCE = 8

/**
 * Runs the ids of an interrupted answer again, as they ran at first: through the decode program, so that the
 * cache holds the same numbers. The last one becomes the input of the next step. Returns false if aborted.
 */
async function replay(
  runtime: Runtime,
  session: Session,
  ids: readonly number[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for (const [index, id] of ids.entries()) {
    runtime.writeToken(id)
    if (index === ids.length - 1) break
    runtime.decodeOnly(session.length)
    session.append([id])
    if (index % REPLAYED_AT_ONCE === REPLAYED_AT_ONCE - 1) await runtime.idle()
    if (signal?.aborted) return false
  }
  return true
}

function kvUse(runtime: Runtime, session: Session): KvUsage {
  return {
    tokens: session.length,
    bytes: session.bytes,
    standardBytes:
      pagesFor(session.length) * PAGE_TOKENS * kvBytesPerToken(runtime.spec, runtime.options.cache).standard,
  }
}
