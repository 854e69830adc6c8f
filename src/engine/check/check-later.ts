// Checks of kernels that many loads do not run: caches of heads, log-probabilities, drafts. On demand.
import { CHUNK, padTo } from '../../gpu/matrix.ts'
import { randomNumbers } from '../../lib/random.ts'
import type { Resource } from '../../program/graph.ts'
import { RESULT_WORDS } from './check-sampling.ts'
import {
  type CheckBuilder,
  closeAll,
  type ExpectedNumber,
  exact,
  FEW_TOKENS,
  from,
  numbersWithin,
  randomOutput,
  rmsNorm,
} from './kernel-check.ts'

export { gqaCombineCheck, gqaWriteCheck, mlaWriteExpandedCheck } from './check-write-heads.ts'

/** Checks top_logprobs: of the chosen id and of the likeliest. */
export const topLogprobsCheck: CheckBuilder = (buffers, { constants }) => {
  const { VOCAB = 0 } = constants
  const alternatives = Math.min(5, VOCAB)
  const logits = numbersWithin(8, VOCAB, VOCAB)
  const chosen = Math.floor(VOCAB / 3)
  const result = buffers.upload(Uint32Array.from({ length: RESULT_WORDS }, (_, i) => (i === 0 ? chosen : 0)))
  const expected = () => {
    let sum = 0
    for (const logit of logits) sum += Math.exp(logit)
    const logprob = (id: number) => ({ value: (logits[id] ?? 0) - Math.log(sum), magnitude: 10 })
    // The few best, found without sorting them all.
    let least = Number.NEGATIVE_INFINITY
    let top: number[] = []
    logits.forEach((logit, id) => {
      if (logit <= least) return
      top = [...top, id].sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0) || a - b).slice(0, alternatives)
      if (top.length === alternatives) least = logits[top.at(-1) ?? 0] ?? 0
    })
    return [
      { at: 2, ...logprob(chosen) },
      { at: 3, ...exact(alternatives) },
      ...top.flatMap((id, i) => [
        { at: 4 + 2 * i, ...exact(id) },
        { at: 5 + 2 * i, ...logprob(id) },
      ]),
    ]
  }
  return {
    operands: { logits: buffers.upload(logits), result },
    step: { alternatives },
    outputs: [
      {
        buffer: result,
        words: RESULT_WORDS,
        // Word 2 and every odd word from 5 on are the bits of log-probabilities.
        decode: (words) => {
          const numbers = new Float32Array(words.buffer)
          return Array.from(words, (word, i) =>
            i === 2 || (i > 4 && i % 2 === 1) ? (numbers[i] ?? 0) : word,
          )
        },
        expected,
      },
    ],
  }
}

/** Checks rms_norm_pair, which draft layers run, on a few rows. */
export const rmsNormPairCheck: CheckBuilder = (buffers, { constants }) => {
  const { HIDDEN = 0, EPSILON = 0 } = constants
  const [stride, width] = [padTo(HIDDEN, CHUNK), padTo(2 * HIDDEN, CHUNK)]
  const { buffer: y } = randomOutput(buffers, FEW_TOKENS * width)
  const operands: Record<string, Resource> = { y }
  const numbers: ExpectedNumber[] = []
  for (const [half, name] of ['first', 'second'].entries()) {
    const x = randomNumbers(FEW_TOKENS * stride, HIDDEN + half)
    const weight = randomNumbers(stride, HIDDEN + 2 + half)
    operands[name] = buffers.upload(x)
    operands[`${name}_weight`] = buffers.upload(weight)
    for (let token = 0; token < FEW_TOKENS; token++) {
      const row = x.subarray(token * stride, token * stride + HIDDEN)
      numbers.push(...from(token * width + half * HIDDEN, closeAll(rmsNorm(row, weight, EPSILON))))
    }
  }
  const output = { buffer: y, words: FEW_TOKENS * width, expected: () => numbers }
  return { operands, step: { tokens: FEW_TOKENS }, outputs: [output] }
}
