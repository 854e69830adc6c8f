// Resolves a request for an answer: encodes the prompt, fills in defaults, refuses impossible values.
import { readField, wholeNumber } from '../../lib/check.ts'
import { HadalError } from '../../lib/error.ts'
import { quoteName } from '../../lib/format.ts'
import type { ChatEncoder } from '../../text/chat.ts'
import type { TextTokenizer } from '../../text/tokenizer.ts'
import type { PreparedAnswer } from '../../text/tools/tool-use.ts'
import {
  type ChatMessage,
  type GenerateRequest,
  MAX_ALTERNATIVES,
  type PromptRequest,
  type SamplingOptions,
} from '../types.ts'
import type { Runtime } from './runtime.ts'
import { resolveSampling } from './sampling.ts'
import type { GenerateTask } from './task.ts'
import { checkTokenIds } from './token-ids.ts'

/** Maximum tokens of an answer when the request gives none. */
const DEFAULT_MAX_TOKENS = 4096

/** The parts of a model that resolving a request needs. */
export interface RequestContext {
  readonly tokenizer: TextTokenizer
  readonly chat: ChatEncoder
  readonly defaults: SamplingOptions
  readonly eos: ReadonlySet<number>
}

/** Resolves a request. Throws `bad_request` or `context_full`. */
export async function resolveRequest(
  request: GenerateRequest,
  runtime: Runtime,
  { tokenizer, chat, defaults, eos }: RequestContext,
): Promise<GenerateTask> {
  const { spec, options } = runtime
  const context = Math.min(options.contextLength, runtime.cache.maxTokens)
  const prepared = await promptOf(request, tokenizer, chat)
  const { ids: prompt, output, ends } = prepared
  checkTokenRows(prompt, spec.vocabSize, tokenizer)
  // Leave room for at least one token of the answer.
  checkTokenIds(prompt, spec.vocabSize, context - 1)
  const maxTokens = readField('max_tokens', request.maxTokens, wholeNumber(1, Number.POSITIVE_INFINITY))
  const endIds = new Set([...eos, ...ends])
  const task = {
    prompt,
    maxTokens: Math.min(maxTokens ?? DEFAULT_MAX_TOKENS, context - prompt.length),
    output: { ...output, ...(request.plainOutput && { plain: true }) },
  }
  return {
    ...task,
    sampling: resolveSampling(request.sampling, defaults, spec.vocabSize),
    stop: request.stop ?? [],
    logprobs: readField('top_logprobs', request.logprobs, wholeNumber(0, MAX_ALTERNATIVES)),
    experts: request.experts === true,
    eos: endIds,
    resume: request.resume ?? [],
    constraint:
      request.responseFormat || request.tools
        ? await (await import('./constrain.ts')).constrain(request, prepared, {
            tokenizer,
            vocab: spec.vocabSize,
            endIds: [...endIds],
          })
        : undefined,
    budget:
      (request.thinkingBudget ?? request.effort) === undefined
        ? undefined
        : (await import('./thinking-budget.ts')).openBudget(request, { ...task, tokenizer, chat }),
  }
}

/** Fails for a token that the tokenizer has and the model's embedding lacks. Throws `bad_request`. */
function checkTokenRows(prompt: readonly number[], vocab: number, tokenizer: TextTokenizer): void {
  const token = tokenizer.tokenText(prompt.find((id) => id >= vocab) ?? -1)
  if (token === '') return
  throw new HadalError(
    'bad_request',
    `The prompt has the token ${quoteName(token)}, but it is beyond the ${vocab} rows of the embedding.`,
    { hint: 'Leave this token out of the prompt, or out of the chat template that prints it.' },
  )
}

/** The token ids of a request's prompt, and what its parser needs to know. */
export async function promptOf(
  { input, ...options }: PromptRequest,
  tokenizer: TextTokenizer,
  chat: ChatEncoder,
): Promise<PreparedAnswer> {
  if ('messages' in input && (options.tools || options.continueFinal || input.messages.some(isToolMessage))) {
    const { prepareAnswer } = await import('../../text/tools/tool-use.ts')
    return prepareAnswer(tokenizer, chat, { ...options, messages: input.messages })
  }
  return { ids: plainPrompt({ input, ...options }, tokenizer, chat), output: {}, ends: [] }
}

const isToolMessage = ({ tool_calls: calls }: ChatMessage): boolean => calls !== undefined

function plainPrompt(
  { input, thinking }: PromptRequest,
  tokenizer: TextTokenizer,
  chat: ChatEncoder,
): readonly number[] {
  if ('messages' in input) return chat.prompt(input.messages, { thinking }).ids
  if ('ids' in input) return input.ids
  const ids = tokenizer.encodePlain(input.prompt)
  return tokenizer.addsBos && tokenizer.bosId !== undefined ? [tokenizer.bosId, ...ids] : ids
}
