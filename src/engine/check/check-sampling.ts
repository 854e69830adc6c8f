// Checks of sampling: penalties and biases, the best and a drawn token.
import { randomNumbers } from '../../lib/random.ts'
import type { TempBuffers } from '../../program/temp-buffers.ts'
import { type CheckBuilder, edges, exact, numbersWithin, type OutputCheck } from './kernel-check.ts'

/** Words of a sampling result (shaders/sample/top_logprobs). */
export const RESULT_WORDS = 64

/** A word of a mask: the last id of 32 and one other may not be sampled. */
const MASKED = 0x7fff_fbff
const MAX_F32 = 3.4028234663852886e38

/** Checks adjust_logits with every penalty, two biases of one id, and a mask. */
export const adjustLogitsCheck: CheckBuilder = (buffers, { constants }) => {
  const { VOCAB = 0 } = constants
  const step = { repetition: 1.25, presence: 0.5, frequency: 0.25, biases: 3 }
  const logits = numbersWithin(8, VOCAB, VOCAB)
  // Not seen, in the prompt alone, or generated.
  const counts = new Uint32Array(VOCAB)
  for (let id = 0; id < VOCAB; id++) counts[id] = [0, 2 ** 31, 2, 2 ** 31 + 3][id % 4] ?? 0
  const biases = [1, 0.5, 2, -0.25, 1, 4]
  const words = new Uint32Array(Float32Array.from(biases).buffer)
  for (let i = 0; i < biases.length; i += 2) words[i] = biases[i] ?? 0
  const mask = new Uint32Array(Math.ceil(VOCAB / 32)).fill(MASKED)
  const adjusted = buffers.zeros(VOCAB)
  const expected = () =>
    edges(VOCAB).map((id) => {
      const [logit, count] = [logits[id] ?? 0, counts[id] ?? 0]
      const generated = count % 2 ** 31
      let value = logit
      if (count > 0) value = logit > 0 ? logit / step.repetition : logit * step.repetition
      if (generated > 0) value -= step.presence + step.frequency * generated
      for (let i = 0; i < biases.length; i += 2) if (biases[i] === id) value += biases[i + 1] ?? 0
      if (((MASKED >>> (id % 32)) & 1) === 0) value = -MAX_F32
      return { at: id, value, magnitude: 8 }
    })
  return {
    operands: {
      logits: buffers.upload(logits),
      counts: buffers.upload(counts),
      biases: buffers.upload(words),
      mask: buffers.upload(mask),
      adjusted,
    },
    step,
    outputs: [{ buffer: adjusted, words: VOCAB, expected }],
  }
}

/** Operands of sample_token, and outputs that expect this id of a draw. */
function sampled(buffers: TempBuffers, logits: Float32Array, draw: number, id: number) {
  const [counts, token, result] = [
    buffers.zeros(logits.length),
    buffers.zeros(1),
    buffers.zeros(RESULT_WORDS),
  ]
  const output = (buffer: typeof counts, words: number, numbers: Record<number, number>): OutputCheck => ({
    buffer,
    words,
    decode: (all) => all,
    expected: () => Object.entries(numbers).map(([at, value]) => ({ at: Number(at), ...exact(value) })),
  })
  return {
    operands: { adjusted: buffers.upload(logits), counts, token, result },
    outputs: [
      output(token, 1, { 0: id }),
      output(result, 2, { 0: id, 1: draw }),
      output(counts, logits.length, { [id]: 1, [id - 1]: 0 }),
    ],
  }
}

/** Checks that sample_token takes the best logit, and of two equal ones the smaller id. */
export const greedyCheck: CheckBuilder = (buffers, { constants }) => {
  const { VOCAB = 0 } = constants
  const logits = randomNumbers(VOCAB, VOCAB)
  const id = Math.floor(VOCAB / 2)
  logits[id] = 2
  logits[VOCAB - 1] = 2
  return { step: { draw: 3 }, ...sampled(buffers, logits, 3, id) }
}

/** A draw, and the number in [0, 1) that shaders/sample/sample_token takes for it. */
export const DRAW = { seed: 1, draw: 2, uniform: 0.906472384929657 }

interface DrawSettings {
  readonly topK: number // 0: off
  readonly topP: number
  readonly minP: number
}

/**
 * A check of a draw among nine candidates, whose ids have another order than their logits. Without one of the
 * settings, another id would be drawn; all masses are far from a border.
 */
const drawCheck =
  ({ topK, topP, minP }: DrawSettings): CheckBuilder =>
  (buffers, { constants }) => {
    const { VOCAB = 0 } = constants
    const step = { temperature: 0.5, topK, topP, minP, seed: DRAW.seed, draw: DRAW.draw }
    const logits = new Float32Array(VOCAB).fill(-30)
    const candidates = Array.from({ length: 9 }, (_, i) => {
      const id = Math.floor((VOCAB * ((2 * i + 2) % 9) + 4) / 9)
      logits[id] = 3 - i / 5
      return { id, weight: Math.exp(-i / 5 / step.temperature) }
    })
    const mass = (of: typeof candidates) => of.reduce((sum, { weight }) => sum + weight, 0)
    const best = candidates.slice(0, topK || undefined)
    const kept = best
      .filter(({ weight }, i) => mass(best.slice(0, i)) < topP * mass(best) && weight >= minP)
      .sort((a, b) => a.id - b.id)
    const drawn = kept.find((_, i) => mass(kept.slice(0, i + 1)) > DRAW.uniform * mass(kept))
    return { step, ...sampled(buffers, logits, step.draw, drawn?.id ?? 0) }
  }

export const topKTopPCheck = drawCheck({ topK: 5, topP: 0.75, minP: 0 })
export const minPCheck = drawCheck({ topK: 0, topP: 1, minP: 0.5 })
