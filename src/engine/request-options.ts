// The numeric options of a request. Requests, defaults, the command line and the page's form derive from it.
import type { NumberRange } from '../lib/fields.ts'

export interface NumericOption extends NumberRange {
  readonly field: string // in a request and in generation_config.json; the command line's has dashes
  readonly label?: string // in the page's settings; without one the page does not offer the option
}

export interface SamplingOption extends NumericOption {
  readonly neutral: number
  readonly modelDefault?: boolean // whether generation_config.json sets the default
}

const MAX_U32 = 2 ** 32 - 1

/** Options of sampling the next token. */
export const SAMPLING_OPTIONS = {
  /** 0 = greedy: the largest logit, the smallest id among equals */
  temperature: {
    field: 'temperature',
    min: 0,
    max: 2,
    neutral: 1,
    modelDefault: true,
    label: 'Temperature',
  },
  /** 0 = off */
  topK: { field: 'top_k', min: 0, max: MAX_U32, whole: true, neutral: 0, modelDefault: true },
  /** 1 = off */
  topP: { field: 'top_p', min: 0, max: 1, neutral: 1, modelDefault: true, label: 'Top-p' },
  /** 0 = off; relative to the most probable token */
  minP: { field: 'min_p', min: 0, max: 1, neutral: 0, modelDefault: true },
  /** 1 = off; divides positive, multiplies negative logits of seen tokens */
  repetitionPenalty: { field: 'repetition_penalty', min: 0.01, max: 10, neutral: 1, modelDefault: true },
  /** 0 = off; subtracted once from the logit of each generated token */
  presencePenalty: { field: 'presence_penalty', min: -2, max: 2, neutral: 0 },
  /** 0 = off; subtracted per occurrence in the generated tokens */
  frequencyPenalty: { field: 'frequency_penalty', min: -2, max: 2, neutral: 0 },
  /** Seed of the random numbers; random by default */
  seed: { field: 'seed', min: 0, max: MAX_U32, whole: true, neutral: 0, label: 'Seed' },
} as const satisfies Readonly<Record<string, SamplingOption>>

/** Options of the answer as a whole. */
export const ANSWER_OPTIONS = {
  /** Maximum tokens of the answer, limited by the rest of the context. Default 4096. */
  maxTokens: { field: 'max_tokens', min: 1, max: MAX_U32, whole: true, label: 'Maximum answer tokens' },
  /** Tokens of the thinking part, its tags not counted; then it is closed. Default: no limit. */
  thinkingBudget: { field: 'thinking_budget', min: 0, max: MAX_U32, whole: true },
} as const satisfies Readonly<Record<string, NumericOption>>

/** A value for each sampling option. */
export type SamplingNumbers = { readonly [Name in keyof typeof SAMPLING_OPTIONS]: number }
/** A value for each option of the answer. */
export type AnswerNumbers = { readonly [Name in keyof typeof ANSWER_OPTIONS]?: number }

/** A value for each row of a table of options. */
export function mapOptions<Name extends string, Option, T>(
  options: Readonly<Record<Name, Option>>,
  toValue: (option: Option) => T,
): Record<Name, T> {
  const values = Object.entries<Option>(options).map(([name, option]) => [name, toValue(option)])
  return Object.fromEntries(values) as Record<Name, T>
}
