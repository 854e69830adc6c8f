// A validated request for an answer.
import type { OutputParserOptions } from '../../text/output-parser.ts'
import type { ToolConstraint } from '../../text/tools/tool-constraint.ts'
import type { SamplingOptions } from '../types.ts'

/** A validated request: the prompt as token ids and all options resolved. */
export interface GenerateTask {
  readonly prompt: readonly number[]
  readonly maxTokens: number
  readonly sampling: SamplingOptions
  readonly stop: readonly string[]
  readonly logprobs: number | undefined
  readonly experts: boolean // whether deltas report them
  readonly eos: ReadonlySet<number>
  /** How the parser of the output begins. */
  readonly output: Pick<OutputParserOptions, 'tools' | 'resumed' | 'plain'>
  /** The first ids of the answer, if it was interrupted: it goes on after them. */
  readonly resume: readonly number[]
  /** What the answer is held to, apart from its thinking part. */
  readonly constraint: AnswerConstraint | undefined
  readonly budget: ThinkingBudget | undefined
}

/** What the thinking part may have, and how it is closed then. Ids are those of the answer so far. */
export interface ThinkingBudget {
  readonly tokens: number // the tags not counted
  /** The ids that close the thinking part here: the tag, with white space as the template writes it. */
  readonly closing: (ids: readonly number[]) => readonly number[]
  /** Whether a thinking part may still open. */
  readonly mayOpen: (ids: readonly number[]) => boolean
}

/** Which tokens may come next. */
export type AnswerConstraint = Omit<ToolConstraint, 'isComplete'>
