// Resolves sampling options and writes them for the GPU: step fields, token counts, logit biases.
import type { Device } from '../../gpu/device.ts'
import type { Step } from '../../kernels/step.ts'
import { badField, optionalInteger, optionalNumber } from '../../lib/check.ts'
import { isJsonObject } from '../../lib/json.ts'
import {
  MAX_LOGIT_BIAS,
  type NumericSamplingOption,
  SAMPLING_RANGES,
  type SamplingOptions,
} from '../types.ts'

/** Maximum entries of a logit bias list, as in OpenAI's API. */
export const MAX_LOGIT_BIASES = 300

const NEUTRAL: SamplingOptions = {
  temperature: 1,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  logitBias: [],
  seed: 0,
}

/**
 * The model's defaults from generation_config.json. Invalid values are ignored: requests can override them.
 */
export function samplingDefaults(generationConfig: unknown): SamplingOptions {
  const values = fieldsOf(generationConfig)
  const pick = (name: NumericSamplingOption): number => {
    const [field, ...range] = SAMPLING_RANGES[name]
    try {
      return optionalNumber(field, values.get(field), ...range) ?? NEUTRAL[name]
    } catch {
      return NEUTRAL[name]
    }
  }
  return {
    ...NEUTRAL,
    temperature: values.get('do_sample') === false ? 0 : pick('temperature'),
    topK: pick('topK'),
    topP: pick('topP'),
    minP: pick('minP'),
    repetitionPenalty: pick('repetitionPenalty'),
  }
}

/** End-of-sequence tokens that generation_config.json adds to those of config.json. */
export function eosTokenIds(generationConfig: unknown): number[] {
  const value = fieldsOf(generationConfig).get('eos_token_id')
  return (Array.isArray(value) ? value : [value]).filter(
    (id): id is number => Number.isInteger(id) && id >= 0,
  )
}

const fieldsOf = (json: unknown): ReadonlyMap<string, unknown> =>
  new Map(Object.entries(isJsonObject(json) ? json : {}))

/**
 * The options of a request over the model's defaults, with a random seed if there is none.
 * Throws `bad_request`, naming the field.
 */
export function resolveSampling(
  options: Partial<SamplingOptions> = {},
  defaults: SamplingOptions,
  vocab: number,
): SamplingOptions {
  const defined = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const sampling: SamplingOptions = { ...defaults, seed: Math.floor(Math.random() * 2 ** 32), ...defined }
  for (const [name, [field, ...range]] of Object.entries(SAMPLING_RANGES))
    optionalNumber(field, sampling[name as NumericSamplingOption], ...range)
  const { logitBias } = sampling
  if (logitBias.length > MAX_LOGIT_BIASES)
    throw badField('logit_bias', `may have at most ${MAX_LOGIT_BIASES} entries`)
  for (const [id, bias] of logitBias) {
    optionalInteger('logit_bias', id, 0, vocab - 1)
    optionalNumber('logit_bias', bias, -MAX_LOGIT_BIAS, MAX_LOGIT_BIAS)
  }
  return sampling
}

/** The step fields that sampling sets, without `draw`, the number of the token within its answer. */
export function samplingStepFields(
  sampling: SamplingOptions,
  alternatives: number,
): Omit<Step, 'position' | 'tokens' | 'split' | 'draw'> {
  return {
    seed: sampling.seed,
    topK: sampling.topK,
    biases: sampling.logitBias.length,
    temperature: sampling.temperature,
    topP: sampling.topP,
    minP: sampling.minP,
    repetition: sampling.repetitionPenalty,
    presence: sampling.presencePenalty,
    frequency: sampling.frequencyPenalty,
    alternatives,
  }
}

/** Bit 31 of a count: the token occurs in the prompt. */
const SEEN_IN_PROMPT = 0x8000_0000

/** Resets the token counts for a new answer and writes its logit biases. */
export function writeSamplingState(
  device: Device,
  buffers: { readonly counts: GPUBuffer; readonly biases: GPUBuffer },
  {
    sampling,
    prompt,
    vocab,
  }: { readonly sampling: SamplingOptions; readonly prompt: readonly number[]; readonly vocab: number },
): void {
  const counts = new Uint32Array(vocab)
  for (const id of prompt) counts[id] = SEEN_IN_PROMPT
  device.gpu.queue.writeBuffer(buffers.counts, 0, counts)
  if (sampling.logitBias.length === 0) return
  const view = new DataView(new ArrayBuffer(sampling.logitBias.length * 8))
  sampling.logitBias.forEach(([id, bias], index) => {
    view.setUint32(8 * index, id, true)
    view.setFloat32(8 * index + 4, bias, true)
  })
  device.gpu.queue.writeBuffer(buffers.biases, 0, view.buffer)
}
