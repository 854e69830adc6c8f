// Answers: does a form of the cache give the same text as the model's own? Greedy tokens one by one; for FP8 also how far the logits move.
// It must not know speed or bytes.
import { logitsOf } from '../engine/logits.ts'
import { decodeResult } from '../engine/result.ts'
import type { Runtime } from '../engine/runtime.ts'
import { Session } from '../engine/session.ts'
import type { Device } from '../gpu/device.ts'
import { PLAIN_STEP } from '../kernels/step.ts'
import { HadalError, throwIfAborted } from '../lib/error.ts'
import { logitError } from '../lib/logit-error.ts'
import type { CacheForm, CacheKind } from '../models/cache-form.ts'
import type { Chat } from '../text/chat.ts'
import type { TextTokenizer } from '../text/tokenizer.ts'
import type { Check } from './result.ts'

/** Greedy tokens that are compared. */
export const CHECKED_TOKENS = 64

const PROMPT = 'What is 347 + 586? Think it through step by step, then say how you can be sure of the answer.'

/** The prompt in the words of the model's own template; a model without one is given the bare text. */
export function checkedPrompt(chat: Chat, tokenizer: TextTokenizer): readonly number[] {
  try {
    return chat.prompt([{ role: 'user', content: PROMPT }]).ids
  } catch (error) {
    if (error instanceof HadalError && error.code === 'unsupported') return tokenizer.encodePlain(PROMPT)
    throw error
  }
}

/** What the model's own cache gives. */
export interface Reference {
  readonly prompt: readonly number[]
  readonly tokens: readonly number[]
  /** Of prompt and tokens, [ids, vocab]; only where FP8 is judged. */
  readonly logits: Float32Array | undefined
}

/** A runtime with a cache of this form that holds what is compared. The caller destroys it. */
export const checkRuntime = (own: Runtime, cache: CacheForm, prompt: readonly number[]): Promise<Runtime> =>
  own.sibling({ cache, contextLength: prompt.length + CHECKED_TOKENS })

export async function referenceOf(
  device: Device,
  runtime: Runtime,
  prompt: readonly number[],
  wantsLogits: boolean,
  signal: AbortSignal | undefined,
): Promise<Reference> {
  const tokens = await greedyTokens(device, runtime, prompt, signal)
  const logits = wantsLogits ? await logitsOf(runtime, [...prompt, ...tokens], 'whole') : undefined
  return { prompt, tokens, logits }
}

/** Compares what `runtime` says with the reference. */
export async function checkCache(
  device: Device,
  runtime: Runtime,
  kind: CacheKind,
  { prompt, tokens: wanted, logits }: Reference,
  signal: AbortSignal | undefined,
): Promise<Check> {
  if (kind === 'gqa-8' || kind === 'mqa') return { verdict: 'shape' }
  const tokens = await greedyTokens(device, runtime, prompt, signal)
  const same = tokens.map((token, i) => token === wanted[i])
  if (kind === 'latent-fp8' && logits) {
    const own = await logitsOf(runtime, [...prompt, ...wanted], 'whole')
    const equal = same.filter((each) => each).length
    return {
      verdict: 'near',
      tokens: tokens.length,
      equal,
      meanKl: logitError(own, logits, runtime.spec.vocab).meanKl,
    }
  }
  const at = same.indexOf(false)
  return at < 0
    ? { verdict: 'equal', tokens: tokens.length }
    : { verdict: 'wrong', tokens: tokens.length, at }
}

/** Tokens after the prompt, whatever they are: what ends an answer does not end this. */
async function greedyTokens(
  device: Device,
  runtime: Runtime,
  prompt: readonly number[],
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const { spec, state, options } = runtime
  const session = new Session(runtime.cache)
  try {
    await session.reserve(prompt.length + CHECKED_TOKENS)
    runtime.writePages(session)
    device.gpu.queue.writeBuffer(state.counts, 0, new Uint32Array(spec.vocab))
    for (let at = 0; at < prompt.length; at += options.chunk) {
      runtime.prefill(prompt.slice(at, at + options.chunk), at)
    }
    const first = await runtime.sample(PLAIN_STEP)()
    const tokens = [decodeResult(first).id]
    while (tokens.length < CHECKED_TOKENS) {
      throwIfAborted(signal)
      const step = { ...PLAIN_STEP, draw: tokens.length }
      const result = await runtime.decode(prompt.length + tokens.length - 1, step)()
      tokens.push(decodeResult(result).id)
    }
    return tokens
  } finally {
    session.close()
  }
}
