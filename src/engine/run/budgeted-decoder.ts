// Decodes an answer whose thinking part has a budget, and closes that part when it is used up.
import type { Answer } from './answer.ts'
import type { Decoder, DecodeSteps } from './decoder.ts'
import { STEPS_IN_FLIGHT } from './runtime.ts'
import type { SampleResult } from './sample-result.ts'
import type { GenerateTask, ThinkingBudget } from './task.ts'

interface BudgetParts {
  readonly steps: DecodeSteps
  readonly task: GenerateTask
  readonly budget: ThinkingBudget
  readonly answer: Pick<Answer, 'isThinking' | 'thoughts'>
  /** Opens a decoder without a budget that goes on after `task.resume`. */
  readonly open: (task: GenerateTask) => Promise<Decoder>
}

/**
 * Passes on what another decoder samples, which never runs ahead further than the budget may reach. At its
 * end the closing ids run through the decode program, as when an interrupted answer is replayed, and another
 * decoder goes on after them.
 */
export class BudgetedDecoder implements Decoder {
  readonly #parts: BudgetParts
  readonly #ids: number[]
  #decoder: Decoder
  #forced: number[] = []
  #submitted: number // tokens of the answer that may have been sampled

  private constructor(parts: BudgetParts, decoder: Decoder) {
    this.#parts = parts
    this.#decoder = decoder
    this.#ids = [...parts.task.resume]
    this.#submitted = this.#ids.length
  }

  static async open(parts: BudgetParts): Promise<BudgetedDecoder> {
    const decoder: BudgetedDecoder = new BudgetedDecoder(parts, {
      next: () => Promise.resolve(undefined),
    })
    const rest = interrupted(parts)
    if (rest.length > 0) await decoder.#force(rest)
    else await decoder.#openNext()
    return decoder
  }

  async next(): Promise<SampleResult | undefined> {
    const { answer, steps } = this.#parts
    const isUsedUp = answer.isThinking && answer.thoughts >= this.#parts.budget.tokens
    if (isUsedUp && this.#forced.length === 0 && this.#ids.length >= this.#submitted)
      await this.#force(this.#parts.budget.closing(this.#ids))
    const id = this.#forced.shift()
    if (id !== undefined) return { id, logprob: 0, top: [], experts: steps.runtime.trace?.decode(undefined) }
    const limit = this.#limit
    this.#submitted = Math.max(this.#submitted, Math.min(limit, this.#ids.length + STEPS_IN_FLIGHT))
    const result = await this.#decoder.next()
    if (result) this.#ids.push(result.id)
    return result
  }

  /** Up to which number of tokens the answer may be sampled, as far as can be said now. */
  get #limit(): number {
    const { answer, task, budget } = this.#parts
    return budgetLimit({ budget, maxTokens: task.maxTokens }, answer, this.#ids)
  }

  /** Lets the model run ids that it did not sample, all but the last, which is the next step's input. */
  async #force(ids: readonly number[]): Promise<void> {
    const { steps, task } = this.#parts
    const { runtime, session } = steps
    const before = this.#ids.length
    this.#ids.push(...ids.slice(0, task.maxTokens - before))
    for (const id of this.#ids.slice(session.length - task.prompt.length, -1)) {
      await steps.reserve(session.length + 1)
      runtime.writeToken(id)
      runtime.forward(session.length)
      session.append([id])
    }
    runtime.writeToken(this.#ids.at(-1) ?? 0)
    runtime.writeSampling({ ...task, resume: this.#ids })
    await this.#openNext()
    this.#forced = this.#ids.slice(before)
    this.#submitted = this.#ids.length
  }

  async #openNext(): Promise<void> {
    const { task, open } = this.#parts
    const limit = () => this.#limit
    this.#decoder = await open({
      ...task,
      resume: [...this.#ids],
      // Read before each step. A held answer is not sampled ahead, and its format needs the real number.
      get maxTokens() {
        return task.constraint ? task.maxTokens : limit()
      },
    })
  }
}

/** Up to which number of tokens an answer may be sampled, as far as its ids so far can say. */
export function budgetLimit(
  { budget, maxTokens }: { readonly budget: ThinkingBudget; readonly maxTokens: number },
  { isThinking, thoughts }: BudgetParts['answer'],
  ids: readonly number[],
): number {
  const left = Math.max(0, budget.tokens - thoughts)
  const end = isThinking
    ? ids.length + left
    : budget.mayOpen(ids)
      ? ids.length + 1 + left // the tag itself does not count
      : maxTokens
  return Math.min(end, maxTokens)
}

/** The rest of the closing ids, if the answer was interrupted between them. */
function interrupted({ task, answer, budget }: BudgetParts): readonly number[] {
  const { resume } = task
  const { tokens, closing } = budget
  if (answer.thoughts < tokens) return []
  const longest = closing(resume).length
  for (let count = longest; count > 0; count--) {
    const ids = closing(resume.slice(0, -count))
    const begun = resume.slice(-count)
    if (begun.length === count && ids.length > count && begun.every((id, at) => id === ids[at]))
      return ids.slice(count)
  }
  return []
}
