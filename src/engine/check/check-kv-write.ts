// Checks of the kernels that rotate queries and write KV entries.
import { CHUNK, padTo } from '../../gpu/matrix.ts'
import { randomNumbers } from '../../lib/random.ts'
import type { Dispatch, Resource } from '../../program/graph.ts'
import type { TempBuffers } from '../../program/temp-buffers.ts'
import { firstAndLast, rowRange } from './check-attention.ts'
import {
  type CheckBuilder,
  closeAll,
  type ExpectedSum,
  exact,
  FEW_TOKENS,
  from,
  type OutputCheck,
  plus,
  randomOutput,
  rmsNorm,
  times,
  weightedSum,
} from './kernel-check.ts'
import {
  decodeEntry,
  entryWordsOf,
  ROTATED_FROM,
  randomRotations,
  reversedPages,
  roundedEntry,
} from './random-cache.ts'
import { randomMatrix, randomRows } from './random-weights.ts'

const STEP = { position: ROTATED_FROM, tokens: FEW_TOKENS }
const TOKENS: readonly number[] = [0, 1, 2]

/** The KV entries that a dispatch writes for each token, in the pages of a cache. */
function writtenEntries(
  buffers: TempBuffers,
  dispatch: Dispatch,
  width: number,
  entryOf: (token: number) => readonly ExpectedSum[],
): { readonly operands: Readonly<Record<string, Resource>>; readonly output: OutputCheck } {
  const sizes = { ...dispatch.constants, width }
  const words = entryWordsOf(dispatch, sizes)
  const paged = dispatch.constants.PAGED !== 0
  const { pages, rows, rowOf } = reversedPages(ROTATED_FROM + FEW_TOKENS)
  const cache = buffers.zeros((paged ? rows : FEW_TOKENS) * words)
  return {
    operands: { cache, pages: buffers.upload(pages) },
    output: {
      buffer: cache,
      words: (paged ? rows : FEW_TOKENS) * words,
      decode: (all) => {
        const entries = TOKENS.map((token) => {
          const row = paged ? rowOf(ROTATED_FROM + token) : token
          return decodeEntry(dispatch, sizes, all.slice(row * words, (row + 1) * words))
        })
        return Float64Array.from(entries.flatMap((entry) => Array.from(entry)))
      },
      expected: () =>
        TOKENS.flatMap((token) => from(token * width, roundedEntry(dispatch, sizes, entryOf(token)))),
    },
  }
}

/** Random projected rows, their norm, and the KV entry of each: normalized latent and rotated key. */
function randomLatents(buffers: TempBuffers, { constants }: Dispatch) {
  const { PROJECTED_STRIDE = 0, KV_OFFSET = 0, LATENT = 0, ROPE = 0, EPSILON = 0 } = constants
  const projected = randomNumbers(FEW_TOKENS * PROJECTED_STRIDE, LATENT)
  const latentNorm = randomRows(1, LATENT)
  const { table, columns, rotated } = randomRotations(buffers, constants)
  const entryOf = (token: number) => {
    const latent = token * PROJECTED_STRIDE + KV_OFFSET
    return [
      ...closeAll(rmsNorm(projected.subarray(latent, latent + LATENT), latentNorm, EPSILON)),
      ...rotated(closeAll(projected.subarray(latent + LATENT, latent + LATENT + ROPE)), ROTATED_FROM + token),
    ]
  }
  const operands = {
    projected: buffers.upload(projected),
    latent_norm: buffers.upload(latentNorm),
    rotations: table,
  }
  return { operands, columns, rotated, entryOf }
}

/** Checks mla_write: into the cache, or the latent alone into an activation. */
export const mlaWriteCheck: CheckBuilder = (buffers, dispatch) => {
  const { LATENT = 0, ROPE = 0, PAGED } = dispatch.constants
  const { operands, entryOf } = randomLatents(buffers, dispatch)
  const padded = padTo(LATENT, CHUNK)
  const padding = Array.from({ length: padded - LATENT }, () => exact(0))
  const written =
    PAGED === 0
      ? writtenEntries(buffers, dispatch, padded, (token) => [...entryOf(token).slice(0, LATENT), ...padding])
      : writtenEntries(buffers, dispatch, LATENT + ROPE, entryOf)
  return { operands: { ...operands, ...written.operands }, step: STEP, outputs: [written.output] }
}

/** Checks mla_absorb_q: the absorbed queries of the first and the last head, and the KV entries. */
export const mlaAbsorbQCheck: CheckBuilder = (buffers, dispatch) => {
  const { HEADS = 0, NOPE = 0, ROPE = 0, VALUE = 0, LATENT = 0 } = dispatch.constants
  const { Q_OFFSET = 0, Q_STRIDE = 0 } = dispatch.constants
  const { operands, entryOf, rotated } = randomLatents(buffers, dispatch)
  const written = writtenEntries(buffers, dispatch, LATENT + ROPE, entryOf)
  const query = randomNumbers(FEW_TOKENS * Q_STRIDE, HEADS)
  const matrix = randomMatrix(buffers, dispatch, HEADS * (NOPE + VALUE))
  const stride = padTo(HEADS * (LATENT + ROPE), CHUNK)
  const absorbed = buffers.zeros(FEW_TOKENS * stride)
  const expected = () =>
    firstAndLast(Math.floor(matrix.rows / (NOPE + VALUE))).flatMap((head) => {
      const rows = matrix.fill(rowRange(head * (NOPE + VALUE), NOPE), LATENT)
      return TOKENS.flatMap((token) => {
        const first = token * Q_STRIDE + Q_OFFSET + head * (NOPE + ROPE)
        const rope = rotated(
          closeAll(query.subarray(first + NOPE, first + NOPE + ROPE)),
          ROTATED_FROM + token,
        )
        const sums = weightedSum(rows, query.subarray(first, first + NOPE))
        return from(token * stride + head * (LATENT + ROPE), [...sums, ...rope])
      })
    })
  return {
    operands: {
      ...operands,
      ...written.operands,
      query: buffers.upload(query),
      weights: matrix.buffer,
      absorbed,
    },
    step: STEP,
    outputs: [{ buffer: absorbed, words: FEW_TOKENS * stride, expected }, written.output],
  }
}

/** Checks rope_query: all columns of the first and the last head. */
export const ropeQueryCheck: CheckBuilder = (buffers, { constants }) => {
  const { HEADS = 0, NOPE = 0, ROPE = 0, Q_OFFSET = 0, Q_STRIDE = 0 } = constants
  const { before, buffer: query } = randomOutput(buffers, FEW_TOKENS * Q_STRIDE)
  const { table, columns, rotated } = randomRotations(buffers, constants)
  const expected = () =>
    TOKENS.flatMap((token) =>
      firstAndLast(HEADS).flatMap((head) => {
        const first = token * Q_STRIDE + Q_OFFSET + head * (NOPE + ROPE)
        const rope = rotated(
          closeAll(before.subarray(first + NOPE, first + NOPE + ROPE)),
          ROTATED_FROM + token,
        )
        return [
          ...from(first, Array.from(before.subarray(first, first + NOPE), exact)),
          ...rope.map((sum, i) => ({
            at: first + NOPE + (columns(Math.floor(i / 2))[i % 2 === 0 ? 0 : 1] ?? 0),
            ...sum,
          })),
        ]
      }),
    )
  return {
    operands: { rotations: table, query },
    step: STEP,
    outputs: [{ buffer: query, words: FEW_TOKENS * Q_STRIDE, expected }],
  }
}

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
