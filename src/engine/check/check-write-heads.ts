// Checks of the kernels that write keys and values of heads, and of gqa_combine. On demand.
import { CHUNK, padTo } from '../../gpu/matrix.ts'
import { randomNumbers } from '../../lib/random.ts'
import type { Dispatch } from '../../program/graph.ts'
import type { TempBuffers } from '../../program/temp-buffers.ts'
import { firstAndLast, randomSplits } from './check-attention.ts'
import { STEP, TOKENS, writtenEntries } from './check-kv-write.ts'
import {
  type CheckBuilder,
  closeAll,
  type ExpectedSum,
  FEW_TOKENS,
  from,
  plus,
  times,
} from './kernel-check.ts'
import { ROTATED_FROM, randomRotations } from './random-cache.ts'

/** Random rows, and their numbers as sums. */
function randomInput(buffers: TempBuffers, stride: number) {
  const numbers = randomNumbers(FEW_TOKENS * stride, stride)
  const sums = (token: number, first: number, count: number) =>
    closeAll(numbers.subarray(token * stride + first, token * stride + first + count))
  return { buffer: buffers.upload(numbers), sums }
}

/** The sums of `count` heads, one after the other. */
const heads = (count: number, head: (index: number) => readonly ExpectedSum[]): ExpectedSum[] =>
  Array.from({ length: count }, (_, index) => head(index)).flat()

interface WrittenHeads {
  readonly queryWidth: number // numbers of all heads' queries
  readonly entryWidth: number
  readonly queryOf: (token: number) => readonly ExpectedSum[]
  readonly entryOf: (token: number) => readonly ExpectedSum[]
}

/** Queries and KV entries of all heads, as a kernel writes them. */
function writtenHeads(
  buffers: TempBuffers,
  dispatch: Dispatch,
  { queryWidth, entryWidth, queryOf, entryOf }: WrittenHeads,
) {
  const stride = padTo(queryWidth, CHUNK)
  const query = buffers.zeros(FEW_TOKENS * stride)
  const written = writtenEntries(buffers, dispatch, entryWidth, entryOf)
  const expected = () => TOKENS.flatMap((token) => from(token * stride, queryOf(token)))
  return {
    operands: { ...written.operands, query },
    outputs: [{ buffer: query, words: FEW_TOKENS * stride, expected }, written.output],
  }
}

/** Checks gqa_write: queries and KV entries of all heads. */
export const gqaWriteCheck: CheckBuilder = (buffers, dispatch) => {
  const { constants } = dispatch
  const { HEADS = 0, KV_HEADS = 0, KEY = 0, VALUE = 0, ROPE = 0, PROJECTED_STRIDE = 0 } = constants
  const { K_OFFSET = 0, V_OFFSET = 0, HAS_BIAS, HAS_NORM, EPSILON = 0 } = constants
  const projected = randomInput(buffers, PROJECTED_STRIDE)
  const bias = randomNumbers((HEADS + KV_HEADS) * KEY + KV_HEADS * VALUE, VALUE)
  const [queryNorm, keyNorm] = [randomNumbers(KEY, 1), randomNumbers(KEY, 2)]
  const { table, rotated } = randomRotations(buffers, constants)
  /** `count` projected numbers plus their biases. */
  const biased = (token: number, column: number, first: number, count: number) =>
    projected.sums(token, column, count).map((sum, i) => (HAS_BIAS ? plus(sum, bias[first + i] ?? 0) : sum))
  /** A query or key after norm and rotation. */
  const finished = (sums: readonly ExpectedSum[], norm: Float32Array, token: number) => {
    const square = sums.reduce((total, { value }) => total + value * value, 0)
    const scale = 1 / Math.sqrt(square / KEY + EPSILON)
    const head = HAS_NORM ? sums.map((sum, i) => times(sum, scale * (norm[i] ?? 0))) : sums
    return [...head.slice(ROPE), ...rotated(head.slice(0, ROPE), ROTATED_FROM + token)]
  }
  const [keyBias, valueBias] = [HEADS * KEY, (HEADS + KV_HEADS) * KEY]
  const written = writtenHeads(buffers, dispatch, {
    queryWidth: HEADS * KEY,
    entryWidth: KV_HEADS * (KEY + VALUE),
    queryOf: (token) => heads(HEADS, (i) => finished(biased(token, i * KEY, i * KEY, KEY), queryNorm, token)),
    entryOf: (token) => [
      ...heads(KV_HEADS, (i) =>
        finished(biased(token, K_OFFSET + i * KEY, keyBias + i * KEY, KEY), keyNorm, token),
      ),
      ...heads(KV_HEADS, (i) => biased(token, V_OFFSET + i * VALUE, valueBias + i * VALUE, VALUE)),
    ],
  })
  return {
    operands: {
      ...written.operands,
      projected: projected.buffer,
      bias: buffers.upload(bias),
      query_norm: buffers.upload(queryNorm),
      key_norm: buffers.upload(keyNorm),
      rotations: table,
    },
    step: STEP,
    outputs: written.outputs,
  }
}

/** Checks mla_write_expanded: queries and KV entries of all heads. */
export const mlaWriteExpandedCheck: CheckBuilder = (buffers, dispatch) => {
  const { constants } = dispatch
  const { HEADS = 0, KV_HEADS = 0, NOPE = 0, ROPE = 0, VALUE = 0, PROJECTED_STRIDE = 0 } = constants
  const { Q_STRIDE = 0, K_OFFSET = 0 } = constants
  const [key, width] = [NOPE + ROPE, NOPE + VALUE]
  const projected = randomInput(buffers, PROJECTED_STRIDE)
  const source = randomInput(buffers, Q_STRIDE)
  const expanded = randomInput(buffers, padTo(KV_HEADS * width, CHUNK))
  const { table, rotated } = randomRotations(buffers, constants)
  const rope = (sums: readonly ExpectedSum[], token: number) => rotated(sums, ROTATED_FROM + token)
  const written = writtenHeads(buffers, dispatch, {
    queryWidth: HEADS * key,
    entryWidth: KV_HEADS * (key + VALUE),
    queryOf: (token) =>
      heads(HEADS, (i) => [
        ...source.sums(token, i * key, NOPE),
        ...rope(source.sums(token, i * key + NOPE, ROPE), token),
      ]),
    entryOf: (token) => [
      ...heads(KV_HEADS, (i) => [
        ...expanded.sums(token, i * width, NOPE),
        ...rope(projected.sums(token, K_OFFSET, ROPE), token),
      ]),
      ...heads(KV_HEADS, (i) => expanded.sums(token, i * width + NOPE, VALUE)),
    ],
  })
  return {
    operands: {
      ...written.operands,
      projected: projected.buffer,
      source: source.buffer,
      expanded: expanded.buffer,
      rotations: table,
    },
    step: STEP,
    outputs: written.outputs,
  }
}

/** Checks gqa_combine. */
export const gqaCombineCheck: CheckBuilder = (buffers, { constants }) => {
  const { HEADS = 0, VALUE = 0 } = constants
  const { partial, combined, step } = randomSplits(buffers, constants, VALUE)
  const output = buffers.zeros(HEADS * VALUE)
  const expected = () => firstAndLast(HEADS).flatMap((head) => from(head * VALUE, combined(head)))
  return {
    operands: { partial, output },
    step,
    outputs: [{ buffer: output, words: HEADS * VALUE, expected }],
  }
}
