// Checks a cache layout: its greedy tokens against those of the model's own cache, for FP8 also the KL of
// logits.
import { computeLogits } from '../engine/run/logits.ts'
import type { Runtime } from '../engine/run/runtime.ts'
import { decodeSampleResult } from '../engine/run/sample-result.ts'
import { Session } from '../engine/run/session.ts'
import type { Device } from '../gpu/device.ts'
import { PLAIN_STEP } from '../kernels/step.ts'
import { HadalError, throwIfAborted } from '../lib/error.ts'
import { logitError } from '../lib/logit-error.ts'
import type { CacheKind, CacheLayout } from '../models/cache-layout.ts'
import type { ChatEncoder } from '../text/chat.ts'
import type { TextTokenizer } from '../text/tokenizer.ts'
import type { CacheCheck } from './result.ts'

/** Greedy tokens compared in each layout. */
export const CHECKED_TOKENS = 64

const PROMPT = 'What is 347 + 586? Think it through step by step, then say how you can be sure of the answer.'

/** The prompt in the model's own chat template; plain text where the model has no template. */
export function checkPrompt(chat: ChatEncoder, tokenizer: TextTokenizer): readonly number[] {
  try {
    return chat.prompt([{ role: 'user', content: PROMPT }]).ids
  } catch (error) {
    if (error instanceof HadalError && error.code === 'unsupported') return tokenizer.encodePlain(PROMPT)
    throw error
  }
}

/** Output with the model's own cache layout. */
export interface GreedyReference {
  readonly prompt: readonly number[]
  readonly tokens: readonly number[]
  /** Of prompt and tokens, [ids, vocab]; only where FP8 is compared. */
  readonly logits: Float32Array | undefined
}

/** A runtime with this cache layout, large enough for prompt and checked tokens. The caller destroys it. */
export const prepareCheckRuntime = (
  modelRuntime: Runtime,
  cache: CacheLayout,
  prompt: readonly number[],
): Promise<Runtime> => modelRuntime.sibling({ cache, contextLength: prompt.length + CHECKED_TOKENS })

export interface ReferenceOptions {
  readonly prompt: readonly number[]
  readonly withLogits: boolean
  readonly signal: AbortSignal | undefined
}

/** Runs the prompt greedily in the model's own layout; computes logits only on request. Throws `aborted`. */
export async function runReference(
  device: Device,
  runtime: Runtime,
  { prompt, withLogits, signal }: ReferenceOptions,
): Promise<GreedyReference> {
  const tokens = await greedyTokens(device, runtime, prompt, signal)
  const logits = withLogits ? await computeLogits(runtime, [...prompt, ...tokens], 'whole') : undefined
  return { prompt, tokens, logits }
}

export interface CheckOptions {
  readonly kind: CacheKind
  readonly reference: GreedyReference
  readonly signal: AbortSignal | undefined
}

/** Compares the output of `runtime` with the reference. Throws `aborted`. */
export async function checkCache(
  device: Device,
  runtime: Runtime,
  { kind, reference, signal }: CheckOptions,
): Promise<CacheCheck> {
  const { prompt, tokens: expected, logits } = reference
  if (kind === 'gqa-8' || kind === 'mqa') return { verdict: 'shape' }
  const tokens = await greedyTokens(device, runtime, prompt, signal)
  const same = tokens.map((token, i) => token === expected[i])
  if (kind === 'latent-fp8' && logits) {
    const actual = await computeLogits(runtime, [...prompt, ...expected], 'whole')
    const equal = same.filter((isSame) => isSame).length
    return {
      verdict: 'near',
      tokens: tokens.length,
      equal,
      meanKl: logitError(actual, logits, runtime.spec.vocabSize).meanKl,
    }
  }
  const at = same.indexOf(false)
  return at < 0
    ? { verdict: 'equal', tokens: tokens.length }
    : { verdict: 'wrong', tokens: tokens.length, at }
}

/** Greedy tokens after the prompt; end-of-sequence tokens do not stop it. */
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
    runtime.writePageTable(session)
    device.gpu.queue.writeBuffer(state.counts, 0, new Uint32Array(spec.vocabSize))
    for (let at = 0; at < prompt.length; at += options.prefillChunk) {
      throwIfAborted(signal)
      await runtime.prefill(prompt.slice(at, at + options.prefillChunk), at)
    }
    const first = await runtime.sample(PLAIN_STEP)
    const tokens = [decodeSampleResult(first).id]
    while (tokens.length < CHECKED_TOKENS) {
      throwIfAborted(signal)
      const step = { ...PLAIN_STEP, draw: tokens.length }
      const result = await runtime.decode(prompt.length + tokens.length - 1, step)
      tokens.push(decodeSampleResult(result).id)
    }
    return tokens
  } finally {
    session.close()
  }
}
