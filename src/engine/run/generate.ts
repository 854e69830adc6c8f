// Generates an answer token by token: reuses the cached prefix, prefills the rest, decodes.
import { kvBytesPerToken } from '../../models/cache-layout.ts'
import type { TextTokenizer } from '../../text/tokenizer.ts'
import type { FinishReason, GenerateDelta, GenerateEvent, KvUsage } from '../types.ts'
import { Answer, type AnswerDelta } from './answer.ts'
import { type Decoder, DecodeSteps, FreeDecoder } from './decoder.ts'
import { PAGE_TOKENS } from './kv-cache.ts'
import { prefill, replay } from './prefill.ts'
import type { SessionRoom } from './prefix-cache.ts'
import type { Runtime } from './runtime.ts'
import { pagesFor, type Session } from './session.ts'
import type { Speculation } from './speculation.ts'
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
  let speculation: Speculation | undefined
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
      reasoning: answer.reasoning,
      prefillMs: first - started,
      decodeMs: now - first,
      dispatchesPerToken: runtime.dispatches,
      readbacksPerToken: answer.tokens === 0 ? 0 : steps.readbacks / answer.tokens,
      ...(speculation && { drafts: speculation.drafts }),
      kv: kvUse(runtime, session),
    }
  }
  // What fails for want of memory leaves the session as it is.
  await room.ensure(session, prompt.length - cached + maxTokens)
  await steps.reserve(prompt.length + resume.length)
  try {
    if (!answer.finishReason) {
      await runtime.reportLogprobs(task.logprobs !== undefined)
      // Few loads draft.
      if (runtime.options.speculative !== 'off')
        speculation = await (await import('./speculation.ts')).openSpeculation(steps, task)
      const follow = speculation?.follow
      if (!(await prefill(runtime, session, prompt, signal, follow))) return yield finished('abort')
      if (!(await replay(runtime, session, resume, signal))) return yield finished('abort')
      runtime.trace?.takeLastRow(((prompt.length - cached - 1) % runtime.options.prefillChunk) + 1)
      runtime.writeSampling(task)
      const decoder = await openDecoder(steps, task, answer, speculation)
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
    speculation?.close()
  }
}

async function openDecoder(
  steps: DecodeSteps,
  task: GenerateTask,
  answer: Answer,
  speculation: Speculation | undefined,
): Promise<Decoder> {
  const open = async (task: GenerateTask) => {
    if (speculation) return speculation.decoder(task)
    if (!task.constraint) return new FreeDecoder(steps, task)
    const { ConstrainedDecoder } = await import('./constrained-decoder.ts') // most answers are free
    return new ConstrainedDecoder(steps, task, { constraint: task.constraint, answer })
  }
  const { budget } = task
  if (!budget) return open(task)
  const { BudgetedDecoder } = await import('./budgeted-decoder.ts')
  return BudgetedDecoder.open({ steps, task, budget, answer, open })
}

/** What the cache holds of a session. */
export function kvUse(runtime: Runtime, session: Session): KvUsage {
  return {
    tokens: session.length,
    bytes: session.bytes,
    standardBytes:
      pagesFor(session.length) * PAGE_TOKENS * kvBytesPerToken(runtime.spec, runtime.options.cache).standard,
  }
}
