// The check of rms_norm_pair, which only draft layers run. Loaded on demand.
import { CHUNK, padTo } from '../../gpu/matrix.ts'
import { randomNumbers } from '../../lib/random.ts'
import type { Resource } from '../../program/graph.ts'
import {
  type CheckBuilder,
  closeAll,
  type ExpectedNumber,
  FEW_TOKENS,
  from,
  randomOutput,
  rmsNorm,
} from './kernel-check.ts'

/** Checks a few rows. */
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
