// Answers: how does a request's sampling become step fields and buffers? Checked options, defaults of the model, counts of seen tokens.
// It must not know how the GPU chooses.
import type { Device } from '../gpu/device.ts'
import type { Step } from '../kernels/step.ts'
import { HadalError } from '../lib/error.ts'
import { isRecord } from '../lib/record.ts'
import type { SamplingOptions } from './types.ts'

/** Most entries of a logit bias list, as in OpenAI's API. */
export const MOST_BIASES = 300

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

/** The model's own defaults from generation_config.json; anything odd in that file is ignored, since a request can say better. */
export function modelDefaults(generationConfig: unknown): SamplingOptions {
  const values = fieldsOf(generationConfig)
  const pick = (key: string, fallback: number, valid: (n: number) => boolean) => {
    const value = values.get(key)
    return typeof value === 'number' && valid(value) ? value : fallback
  }
  const sampled = values.get('do_sample') !== false
  return {
    ...NEUTRAL,
    temperature: sampled ? pick('temperature', 1, (n) => n >= 0 && n <= 100) : 0,
    topK: pick('top_k', 0, (n) => Number.isInteger(n) && n >= 0),
    topP: pick('top_p', 1, (n) => n > 0 && n <= 1),
    minP: pick('min_p', 0, (n) => n >= 0 && n <= 1),
    repetitionPenalty: pick('repetition_penalty', 1, (n) => n > 0 && n <= 100),
  }
}

/** End tokens that generation_config.json adds to those of config.json. */
export function eosOf(generationConfig: unknown): number[] {
  const value = fieldsOf(generationConfig).get('eos_token_id')
  return (Array.isArray(value) ? value : [value]).filter(
    (id): id is number => Number.isInteger(id) && id >= 0,
  )
}

const fieldsOf = (json: unknown): ReadonlyMap<string, unknown> =>
  new Map(Object.entries(isRecord(json) ? json : {}))

/** Options of one request over the model's defaults; a missing seed is drawn. Throws `bad_request` naming the field. */
export function samplingOf(
  options: Partial<SamplingOptions> = {},
  defaults: SamplingOptions,
  vocab: number,
): SamplingOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const sampling: SamplingOptions = { ...defaults, seed: Math.floor(Math.random() * 2 ** 32), ...given }
  const {
    temperature,
    topK,
    topP,
    minP,
    repetitionPenalty,
    presencePenalty,
    frequencyPenalty,
    logitBias,
    seed,
  } = sampling
  check(temperature >= 0 && temperature <= 100, 'temperature', 'a number from 0 to 100')
  check(Number.isInteger(topK) && topK >= 0 && topK < 2 ** 32, 'top_k', 'a whole number, 0 for none')
  check(topP > 0 && topP <= 1, 'top_p', 'a number above 0, at most 1')
  check(minP >= 0 && minP <= 1, 'min_p', 'a number from 0 to 1')
  check(
    repetitionPenalty > 0 && repetitionPenalty <= 100,
    'repetition_penalty',
    'a number above 0, at most 100',
  )
  check(Math.abs(presencePenalty) <= 100, 'presence_penalty', 'a number from -100 to 100')
  check(Math.abs(frequencyPenalty) <= 100, 'frequency_penalty', 'a number from -100 to 100')
  check(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32, 'seed', 'a whole number from 0 to 4294967295')
  check(logitBias.length <= MOST_BIASES, 'logit_bias', `at most ${MOST_BIASES} entries`)
  for (const [id, bias] of logitBias) {
    check(Number.isInteger(id) && id >= 0 && id < vocab, 'logit_bias', `token ids below ${vocab}`)
    check(Number.isFinite(bias), 'logit_bias', 'finite numbers')
  }
  return sampling
}

function check(valid: boolean, field: string, rule: string): void {
  if (!valid)
    throw new HadalError('bad_request', `${field} must be ${rule}.`, {
      hint: 'Change this field of the request.',
    })
}

/** The fields of a step that sampling sets; `draw` counts the tokens of an answer. */
export function samplingStep(
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

const SEEN_IN_PROMPT = 0x8000_0000

/** Starts the counts of a new answer (bit 31: seen in the prompt) and writes its logit biases. */
export function writeSamplingState(
  device: Device,
  buffers: { readonly counts: GPUBuffer; readonly biases: GPUBuffer },
  sampling: SamplingOptions,
  prompt: readonly number[],
  vocab: number,
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
