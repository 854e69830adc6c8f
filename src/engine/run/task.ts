// A validated request for an answer.
import type { Constraint } from '../../text/grammar/constraint.ts'
import type { OutputParserOptions } from '../../text/output-parser.ts'
import type { SamplingOptions } from '../types.ts'

/** A validated request: the prompt as token ids and all options resolved. */
export interface GenerateTask {
  readonly prompt: readonly number[]
  readonly maxTokens: number
  readonly sampling: SamplingOptions
  readonly stop: readonly string[]
  readonly logprobs: number | undefined
  readonly eos: ReadonlySet<number>
  /** How the parser of the output begins. */
  readonly output: Pick<OutputParserOptions, 'tools' | 'resumed' | 'plain'>
  /** The first ids of the answer, if it was interrupted: it goes on after them. */
  readonly resume: readonly number[]
  /** What the answer is held to, apart from its thinking part. */
  readonly constraint: AnswerConstraint | undefined
}

/** Which tokens may come next; undefined where all may. */
export type AnswerConstraint = Pick<Constraint, 'forced' | 'accept' | 'isFinished'> & {
  mask(budget: number): Uint32Array | undefined
}
