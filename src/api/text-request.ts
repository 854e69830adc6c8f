// Checks a request for text completions and translates it for the engine.
import { badField, definedFields, type FieldReader, flag, readFields, wholeNumber } from '../lib/check.ts'
import { type GenerateRequest, MAX_ALTERNATIVES } from '../worker/protocol.ts'
import {
  type CheckedRequest,
  COMMON_READERS,
  commonRequest,
  deliveryOf,
  knownFields,
  requestsFor,
} from './common-fields.ts'
import type { CompletionCreateParams } from './openai-types.ts'
import { type RawInput, readInputs } from './raw-inputs.ts'

/** A checked request; its choices are grouped by prompt. */
export interface CheckedTextRequest extends Omit<CheckedRequest, 'requests'> {
  readonly requests: readonly GenerateRequest[]
  /** The prompt of each choice, if the answer begins with it. */
  readonly echo: readonly RawInput[] | undefined
  readonly prompts: number
}

/** OpenAI's default, which completions of plain text keep: most have no end of their own. */
const DEFAULT_MAX_TOKENS = 16

const { thinking_budget: _, ...SHARED_READERS } = COMMON_READERS // texts have no thinking part

const READERS = {
  ...SHARED_READERS,
  prompt: readInputs,
  echo: flag,
  logprobs: wholeNumber(0, MAX_ALTERNATIVES),
} satisfies { readonly [Field in keyof Required<CompletionCreateParams>]: FieldReader<unknown> }

/** Checks a request and translates it. @throws HadalError `bad_request`, naming the field */
export function checkTextRequest(params: unknown): CheckedTextRequest {
  const values = readFields(knownFields(params, READERS), READERS)
  const { prompt: prompts, echo, logprobs, n = 1 } = values
  if (!prompts) throw badField('prompt', 'must be a text, its token ids, or a list of either')
  if (echo && logprobs !== undefined) {
    throw badField('echo', 'is not supported with `logprobs`', 'Send two requests, or leave one of them out.')
  }
  const common = { max_tokens: DEFAULT_MAX_TOKENS, ...values }
  const requests = prompts.flatMap((prompt, index) => {
    const input = typeof prompt === 'string' ? { prompt } : { ids: prompt }
    return requestsFor(
      {
        ...commonRequest(common),
        input,
        plainOutput: true,
        ...definedFields<Pick<GenerateRequest, 'logprobs'>>({ logprobs }),
      },
      n,
      index * n,
    )
  })
  const inputs = prompts.flatMap((input) => Array.from({ length: n }, () => input))
  return { requests, ...deliveryOf(values), echo: echo ? inputs : undefined, prompts: prompts.length }
}
