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
  randomOutput,
  rmsNorm,
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

export const STEP = { position: ROTATED_FROM, tokens: FEW_TOKENS }
export const TOKENS: readonly number[] = [0, 1, 2]

/** The KV entries that a dispatch writes for each token, in the pages of a cache. */
export function writtenEntries(
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
