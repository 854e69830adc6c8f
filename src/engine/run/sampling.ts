// Resolves sampling options and writes them for the GPU: step fields, token counts, logit biases.
import type { Device } from '../../gpu/device.ts'
import type { Step } from '../../kernels/step.ts'
import { badField, definedFields, numberIn, readField, wholeNumber } from '../../lib/check.ts'
import { isInRange } from '../../lib/fields.ts'
import { isJsonObject } from '../../lib/json.ts'
import {
  MAX_LOGIT_BIAS,
  mapOptions,
  SAMPLING_OPTIONS,
  type SamplingOption,
  type SamplingOptions,
} from '../types.ts'
import type { GenerateTask } from './task.ts'

/** Maximum entries of a logit bias list, as in OpenAI's API. */
export const MAX_LOGIT_BIASES = 300

/**
 * The model's defaults from generation_config.json. Invalid values are ignored: requests can override them.
 */
export function samplingDefaults(generationConfig: unknown): SamplingOptions {
  const values = fieldsOf(generationConfig)
  const numbers = mapOptions(SAMPLING_OPTIONS, (option: SamplingOption) => {
    const value = option.modelDefault ? values.get(option.field) : undefined
    return isInRange(value, option) ? value : option.neutral
  })
  return { ...numbers, ...(values.get('do_sample') === false && { temperature: 0 }), logitBias: [] }
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

/** The seed of an answer that asks for none. */
export const randomSeed = (): number => Math.floor(Math.random() * 2 ** 32)

/**
 * The options of a request over the model's defaults, with a random seed if there is none.
 * Throws `bad_request`, naming the field.
 */
export function resolveSampling(
  options: Partial<SamplingOptions> = {},
  defaults: SamplingOptions,
  vocab: number,
): SamplingOptions {
  const sampling: SamplingOptions = { ...defaults, seed: randomSeed(), ...definedFields(options) }
  for (const [name, option] of Object.entries<SamplingOption>(SAMPLING_OPTIONS))
    readField(option.field, sampling[name as keyof typeof SAMPLING_OPTIONS], numberIn(option))
  const { logitBias } = sampling
  if (logitBias.length > MAX_LOGIT_BIASES)
    throw badField('logit_bias', `may have at most ${MAX_LOGIT_BIASES} entries`)
  for (const [id, bias] of logitBias) {
    readField('logit_bias', id, wholeNumber(0, vocab - 1))
    readField('logit_bias', bias, numberIn({ min: -MAX_LOGIT_BIAS, max: MAX_LOGIT_BIAS }))
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

/** Writes the token counts and logit biases of an answer, which may have been begun before. */
export function writeSamplingState(
  device: Device,
  buffers: { readonly counts: GPUBuffer; readonly biases: GPUBuffer },
  {
    sampling: { logitBias },
    prompt,
    resume,
    vocab,
  }: Pick<GenerateTask, 'sampling' | 'prompt' | 'resume'> & { readonly vocab: number },
): void {
  const counts = new Uint32Array(vocab)
  for (const id of prompt) counts[id] = SEEN_IN_PROMPT
  for (const id of resume) counts[id] = (counts[id] ?? 0) + 1
  device.gpu.queue.writeBuffer(buffers.counts, 0, counts)
  if (logitBias.length === 0) return
  const view = new DataView(new ArrayBuffer(logitBias.length * 8))
  logitBias.forEach(([id, bias], index) => {
    view.setUint32(8 * index, id, true)
    view.setFloat32(8 * index + 4, bias, true)
  })
  device.gpu.queue.writeBuffer(buffers.biases, 0, view.buffer)
}

/** Writes which ids may be sampled: bit id % 32 of word id / 32; undefined: all. */
export function writeMask(device: Device, buffer: GPUBuffer, mask: Uint32Array | undefined): void {
  const words = mask ?? new Uint32Array(buffer.size / 4).fill(0xffff_ffff)
  device.gpu.queue.writeBuffer(buffer, 0, words.buffer, words.byteOffset, words.byteLength)
}
