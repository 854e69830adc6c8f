// Resolves a request for an answer: encodes the prompt, fills in defaults, refuses impossible values.
import { optionalInteger } from '../lib/check.ts'
import type { Chat } from '../text/chat.ts'
import type { TextTokenizer } from '../text/tokenizer.ts'
import type { Task } from './generate.ts'
import { checkIds } from './logits.ts'
import type { Runtime } from './runtime.ts'
import { samplingOf } from './sampling.ts'
import { type GenerateRequest, MOST_ALTERNATIVES, type SamplingOptions } from './types.ts'

/** Maximum tokens of an answer when the request gives none. */
const DEFAULT_MAX_TOKENS = 4096

/** The parts of a model that resolving a request needs. */
export interface Asked {
  readonly tokenizer: TextTokenizer
  readonly chat: Chat
  readonly defaults: SamplingOptions
  readonly eos: ReadonlySet<number>
}

/** Resolves a request. Throws `bad_request` or `context_full`. */
export function taskOf(
  request: GenerateRequest,
  runtime: Runtime,
  { tokenizer, chat, defaults, eos }: Asked,
): Task {
  const { spec, options } = runtime
  const context = Math.min(options.contextLength, runtime.cache.maxTokens)
  const prompt = promptOf(request, tokenizer, chat)
  // Leave room for at least one token of the answer.
  checkIds(prompt, spec.vocab, context - 1)
  const maxTokens = optionalInteger('max_tokens', request.maxTokens, 1, Number.POSITIVE_INFINITY)
  return {
    prompt,
    maxTokens: Math.min(maxTokens ?? DEFAULT_MAX_TOKENS, context - prompt.length),
    sampling: samplingOf(request.sampling, defaults, spec.vocab),
    stop: request.stop ?? [],
    logprobs: optionalInteger('top_logprobs', request.logprobs, 0, MOST_ALTERNATIVES),
    eos,
  }
}

function promptOf(
  { input, thinking }: GenerateRequest,
  tokenizer: TextTokenizer,
  chat: Chat,
): readonly number[] {
  if ('messages' in input) return chat.prompt(input.messages, { thinking }).ids
  if ('ids' in input) return input.ids
  const ids = tokenizer.encodePlain(input.prompt)
  return tokenizer.addsBos && tokenizer.bosId !== undefined ? [tokenizer.bosId, ...ids] : ids
}
