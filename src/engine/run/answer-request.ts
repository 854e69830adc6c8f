// Answers one request from the cache: resolves it, finds or takes its session, generates.
import type { TextTokenizer } from '../../text/tokenizer.ts'
import type { GenerateEvent, GenerateRequest } from '../types.ts'
import { generate } from './generate.ts'
import type { ExpertTrace } from './own-programs.ts'
import { OWN_ROOM, type PrefixCache } from './prefix-cache.ts'
import { type RequestContext, resolveRequest } from './request.ts'
import type { Runtime } from './runtime.ts'
import type { Session } from './session.ts'
import type { GenerateTask } from './task.ts'

export interface AnswerContext {
  readonly runtime: Runtime
  readonly prefixes: PrefixCache
  readonly tokenizer: TextTokenizer
  readonly signal: AbortSignal | undefined
  readonly model: RequestContext
  readonly checks: () => Promise<{ logprobs(): Promise<void>; drafts(): Promise<void> }>
}

/** As `resolveRequest`; checks the kernels that no answer has used before. */
export async function taskOf(
  request: GenerateRequest,
  { runtime, model, checks }: AnswerContext,
): Promise<GenerateTask> {
  const task = await resolveRequest(request, runtime, model)
  if (task.logprobs !== undefined) await (await checks()).logprobs()
  if (runtime.options.speculative !== 'off') await (await checks()).drafts()
  return task
}

/** @param own a session of the caller's, instead of what recent requests have left in the cache */
export async function* answerRequest(
  request: GenerateRequest,
  context: AnswerContext,
  own?: Session,
): AsyncGenerator<GenerateEvent> {
  const { runtime, prefixes } = context
  let trace: ExpertTrace | false | undefined
  try {
    const task = await taskOf(request, context)
    trace = task.experts && (await (await import('./expert-trace.ts')).openExpertTrace(runtime))
    if (own) return yield* generate(runtime, own, task, { ...context, room: OWN_ROOM })
    const session = prefixes.take(task.prompt)
    try {
      yield* generate(runtime, session, task, { ...context, room: prefixes })
    } finally {
      prefixes.put(session)
    }
  } finally {
    if (trace) trace.close()
  }
}
