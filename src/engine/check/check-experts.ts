// Checks of the expert kernels, in decode and prefill: routed experts, the shared one, and skipped banks.
import { CHUNK, padTo } from '../../gpu/matrix.ts'
import type { Dispatch } from '../../program/graph.ts'
import { TILED_OUTPUTS, tileRowsOf, tileTolerance } from './check-matmul.ts'
import { groupedWords, rowsOfExpert } from './check-routing.ts'
import {
  type CheckBuilder,
  dot,
  type ExpectedNumber,
  type ExpectedSum,
  edges,
  inSample,
  plus,
  randomOutput,
  weightedSum,
} from './kernel-check.ts'
import { chosenExperts, randomExperts, rowsOf, smallRows, unchanged, upSums } from './random-experts.ts'
import { cutGrid } from './random-weights.ts'

/** The words of `route` for these experts, all with the same weight. */
function routeWords(ids: readonly (readonly number[])[], weight: number): Uint32Array<ArrayBuffer> {
  const bits = new Uint32Array(Float32Array.of(weight).buffer)[0] ?? 0
  return Uint32Array.from(ids.flat().flatMap((id) => [id, bits]))
}

/** Checks expert_up_decode for one token. */
export const expertUpDecodeCheck: CheckBuilder = (buffers, dispatch) => {
  const { HIDDEN = 0, EXPERTS = 0, TOP_K = 0, INTERMEDIATE = 0, INTERMEDIATE_STRIDE = 0 } = dispatch.constants
  const { SHARED_INTERMEDIATE = 0, UP = 0, SHARED_UP = 0 } = dispatch.constants
  const experts = randomExperts(buffers, dispatch)
  const ids = chosenExperts(EXPERTS, TOP_K, 1)
  const x = smallRows(1, HIDDEN)
  const words = (TOP_K + 1) * INTERMEDIATE_STRIDE
  const inner = randomOutput(buffers, words)
  const kept = ids[0]?.findIndex(experts.skips) ?? -1
  const heldOf = (rows: number) => edges(Math.min(rows, experts.held), TILED_OUTPUTS)
  const expected = () => [
    ...upSums(experts.routed, { rows: heldOf(INTERMEDIATE), up: UP }, [x.subarray(0, HIDDEN)], (row) =>
      Array.from({ length: TOP_K }, (_, j) => j)
        .filter((j) => j !== kept)
        .map((j) => j * INTERMEDIATE_STRIDE + row),
    ),
    ...upSums(
      experts.shared,
      { rows: heldOf(SHARED_INTERMEDIATE), up: SHARED_UP },
      [x.subarray(0, HIDDEN)],
      (row) => [TOP_K * INTERMEDIATE_STRIDE + row],
    ),
    ...(kept < 0 ? [] : unchanged(inner.before, kept * INTERMEDIATE_STRIDE, INTERMEDIATE)),
  ]
  return {
    operands: {
      ...experts.operands,
      x: buffers.upload(x),
      route: buffers.upload(routeWords(ids, 1)),
      inner: inner.buffer,
    },
    step: {},
    grid: cutGrid(dispatch, {}, { held: experts.held, all: INTERMEDIATE, axis: 1 }),
    outputs: [{ buffer: inner.buffer, words, expected }],
  }
}

/** Checks expert_down_decode for one token. */
export const expertDownDecodeCheck: CheckBuilder = (buffers, dispatch) => {
  const { HIDDEN = 0, EXPERTS = 0, TOP_K = 0, INTERMEDIATE = 0, INTERMEDIATE_STRIDE = 0 } = dispatch.constants
  const { SHARED_INTERMEDIATE = 0 } = dispatch.constants
  const experts = randomExperts(buffers, dispatch)
  const ids = chosenExperts(EXPERTS, TOP_K, 1)
  const routed = smallRows(TOP_K, INTERMEDIATE, INTERMEDIATE_STRIDE)
  const shared = smallRows(1, SHARED_INTERMEDIATE, INTERMEDIATE_STRIDE)
  const inner = new Float32Array([...routed, ...shared])
  const weight = 1 / 4
  const y = randomOutput(buffers, padTo(HIDDEN, CHUNK))
  // All routed experts share W, so Σ weight · W x = W Σ weight · x.
  const inputs = rowsOf(routed, INTERMEDIATE_STRIDE, INTERMEDIATE)
  const bound = inputs.filter((_, j) => !experts.skips(ids[0]?.[j] ?? 0))
  const mean = weightedSum(bound, new Float64Array(bound.length).fill(weight)).map(({ value }) => value)
  const rows = edges(experts.held, TILED_OUTPUTS)
  const expected = () => {
    const ofRouted = experts.routed(rows, INTERMEDIATE)
    const ofShared = SHARED_INTERMEDIATE > 0 ? experts.shared(rows, SHARED_INTERMEDIATE) : []
    return rows.map((at, i) => {
      const sum = plusSum(dot(ofRouted[i] ?? [], mean), dot(ofShared[i] ?? [], shared))
      return { at, ...plus(sum, y.before[at] ?? 0) }
    })
  }
  return {
    operands: {
      ...experts.operands,
      inner: buffers.upload(inner),
      route: buffers.upload(routeWords(ids, weight)),
      y: y.buffer,
    },
    step: {},
    grid: cutGrid(dispatch, {}, { held: experts.held, all: HIDDEN }),
    outputs: [{ buffer: y.buffer, words: HIDDEN, expected }],
  }
}

const plusSum = (a: ExpectedSum, b: ExpectedSum): ExpectedSum => ({
  value: a.value + b.value,
  magnitude: a.magnitude + b.magnitude,
})

/** The tokens of a prefill check and their rows in the order of experts. */
function groupedRows(dispatch: Dispatch, tokens: number) {
  const { EXPERTS = 0, TOP_K = 0, MAX_TOKENS = 0 } = dispatch.constants
  const count = Math.min(MAX_TOKENS, tokens)
  const ids = chosenExperts(EXPERTS, TOP_K, count)
  return { count, ids, grouped: groupedWords(dispatch.constants, ids, tileRowsOf(dispatch)) }
}

/** Checks expert_up_prefill. */
export const expertUpPrefillCheck: CheckBuilder = (buffers, dispatch, { tokens }) => {
  const { HIDDEN = 0, TOP_K = 0, INTERMEDIATE = 0, INTERMEDIATE_STRIDE = 0 } = dispatch.constants
  const { SHARED_INTERMEDIATE = 0, UP = 0, SHARED_UP = 0 } = dispatch.constants
  const experts = randomExperts(buffers, dispatch)
  const { count, ids, grouped } = groupedRows(dispatch, tokens)
  const x = smallRows(count, HIDDEN)
  const inputs = rowsOf(x, padTo(HIDDEN, CHUNK), HIDDEN)
  const words = count * (TOP_K + 1) * INTERMEDIATE_STRIDE
  const inner = randomOutput(buffers, words)
  const rows = rowsOfExpert(ids)
  // The rows of a token, those of skipped experts left out.
  const places = inputs.map((_, token) =>
    rows.flatMap((pair, row) => (pair.token === token && !experts.skips(pair.expert) ? [row] : [])),
  )
  const skipped = rows.findIndex(({ expert }) => experts.skips(expert))
  const heldOf = (count: number) => edges(Math.min(count, experts.held), TILED_OUTPUTS / 2)
  const expected = () => [
    ...upSums(experts.routed, { rows: heldOf(INTERMEDIATE), up: UP }, inputs, (out, token) =>
      inSample(out, token) ? (places[token] ?? []).map((row) => row * INTERMEDIATE_STRIDE + out) : [],
    ),
    ...upSums(experts.shared, { rows: heldOf(SHARED_INTERMEDIATE), up: SHARED_UP }, inputs, (out, token) => [
      (count * TOP_K + token) * INTERMEDIATE_STRIDE + out,
    ]),
    ...(skipped < 0 ? [] : unchanged(inner.before, skipped * INTERMEDIATE_STRIDE, INTERMEDIATE)),
  ]
  return {
    operands: {
      ...experts.operands,
      x: buffers.upload(x),
      grouped: buffers.upload(grouped),
      inner: inner.buffer,
    },
    step: { tokens: count },
    grid: cutGrid(dispatch, {}, { held: experts.held, all: Math.max(INTERMEDIATE, SHARED_INTERMEDIATE) }),
    outputs: [{ buffer: inner.buffer, words, expected }],
    tolerance: tileTolerance(dispatch),
  }
}

/** Distinct input rows of the down projection; the rows of a tile repeat them. */
const DISTINCT_ROWS = 7

/** Checks expert_down_prefill. */
export const expertDownPrefillCheck: CheckBuilder = (buffers, dispatch, { tokens }) => {
  const { HIDDEN = 0, TOP_K = 0, INTERMEDIATE = 0, SHARED_INTERMEDIATE = 0 } = dispatch.constants
  const { INTERMEDIATE_STRIDE = 0 } = dispatch.constants
  const experts = randomExperts(buffers, dispatch)
  const { count, ids, grouped } = groupedRows(dispatch, tokens)
  const routed = smallRows(DISTINCT_ROWS, INTERMEDIATE, INTERMEDIATE_STRIDE)
  const shared = smallRows(DISTINCT_ROWS, SHARED_INTERMEDIATE, INTERMEDIATE_STRIDE)
  const [pairs, all, stride] = [count * TOP_K, count * (TOP_K + 1), padTo(HIDDEN, CHUNK)]
  const inner = new Float32Array(all * INTERMEDIATE_STRIDE)
  for (let row = 0; row < all; row++) {
    const source = (row % DISTINCT_ROWS) * INTERMEDIATE_STRIDE
    const rows = row < pairs ? routed : shared
    inner.set(rows.subarray(source, source + INTERMEDIATE_STRIDE), row * INTERMEDIATE_STRIDE)
  }
  const { before, buffer: output } = randomOutput(buffers, all * stride)
  const expertOf = rowsOfExpert(ids)
  const sumsOf = (out: number, weights: Float64Array | undefined, rows: Float32Array) =>
    weights
      ? rowsOf(rows, INTERMEDIATE_STRIDE, weights.length).map((input, i) =>
          inSample(out, i) ? dot(weights, input) : undefined,
        )
      : []
  const outs = edges(experts.held, TILED_OUTPUTS)
  const expected = () => {
    const routedWeights = experts.routed(outs, INTERMEDIATE)
    const sharedWeights = SHARED_INTERMEDIATE > 0 ? experts.shared(outs, SHARED_INTERMEDIATE) : []
    return outs.flatMap((out, i) => {
      const ofRouted = sumsOf(out, routedWeights[i], routed)
      const ofShared = sumsOf(out, sharedWeights[i], shared)
      return Array.from({ length: all }, (_, row): ExpectedNumber[] => {
        const at = row * stride + out
        if (row < pairs && experts.skips(expertOf[row]?.expert ?? 0))
          return [{ at, value: before[at] ?? 0, magnitude: 0 }]
        const sum = (row < pairs ? ofRouted : ofShared)[row % DISTINCT_ROWS]
        return sum ? [{ at, ...sum }] : []
      }).flat()
    })
  }
  return {
    operands: {
      ...experts.operands,
      inner: buffers.upload(inner),
      grouped: buffers.upload(grouped),
      output,
    },
    step: { tokens: count },
    grid: cutGrid(dispatch, {}, { held: experts.held, all: HIDDEN }),
    outputs: [{ buffer: output, words: all * stride, expected }],
    tolerance: tileTolerance(dispatch),
  }
}
