// Several answers to one request: together where nothing holds them, else one after the other. Loaded on
// demand.
import { asHadalError } from '../../lib/error.ts'
import type { AnswerChoice, GenerateEvent, GenerateRequest } from '../types.ts'
import { type AnswerContext, answerRequest, taskOf } from './answer-request.ts'
import { rowsAtOnce } from './batch.ts'
import { generateTogether } from './generate-together.ts'
import { randomSeed } from './sampling.ts'

/**
 * The answers that a request asks for. Formats, tools, reports of experts and interrupted answers run one
 * after the other; so do all where the memory does not suffice for several.
 */
export async function* generateChoices(
  { choices: all = [], before = [], ...common }: GenerateRequest,
  context: AnswerContext,
): AsyncGenerator<GenerateEvent> {
  const ended = new Set(before.flatMap(({ type, choice }) => (type === 'done' ? [choice] : [])))
  const choices = all.filter(({ index }) => !ended.has(index))
  const requestOf = ({ index, seed }: AnswerChoice): GenerateRequest => ({
    ...common,
    ...(seed !== undefined && { sampling: { ...common.sampling, seed } }),
    resume: before.flatMap(({ choice, ids = [] }) => (choice === index ? ids : [])),
  })
  const { responseFormat, tools, experts } = common
  const isFree = !(responseFormat || tools || experts || before.length > 0)
  const most = isFree ? rowsAtOnce(context.runtime.ownPrograms.device.capabilities) : 1
  for (let at = 0; at < choices.length; at += most) {
    const round = choices.slice(at, at + most).map((choice) => ({ ...choice, request: requestOf(choice) }))
    if (round.length > 1 && (yield* together(round, context))) continue
    for (const { request, index } of round)
      for await (const event of answerRequest(request, context)) yield { ...event, choice: index }
  }
}

/** Answers several requests at once. False if the memory does not suffice. */
async function* together(
  round: readonly { readonly index: number; readonly request: GenerateRequest }[],
  context: AnswerContext,
): AsyncGenerator<GenerateEvent, boolean> {
  const [first] = round
  if (!first) return true
  const task = await taskOf(first.request, context)
  // Each has the seed of a request of its own, which is random if it has none.
  const tasks = round.map(({ index, request: { sampling } }) => ({
    index,
    task: { ...task, sampling: { ...task.sampling, seed: sampling?.seed ?? randomSeed() } },
  }))
  const events = generateTogether(tasks, context)
  let hasBegun = false
  try {
    for await (const event of events) {
      hasBegun = true
      yield event
    }
    return true
  } catch (error) {
    const { code } = asHadalError(error)
    if (!hasBegun && (code === 'out_of_memory' || code === 'context_full')) return false
    throw error
  }
}
