// Checks of routing: the choice of experts, the grouping of rows by expert, and the sum over experts.
import { CHUNK, padTo } from '../../gpu/matrix.ts'
import { randomNumbers } from '../../lib/random.ts'
import type { Dispatch } from '../../program/graph.ts'
import {
  type CheckBuilder,
  close,
  edges,
  exact,
  FEW_TOKENS,
  from,
  type NumberArray,
  plus,
  randomOutput,
} from './kernel-check.ts'

type Constants = Dispatch['constants']

/** Indices from the largest value to the smallest; equal values in order. */
export const descending = (values: NumberArray): number[] =>
  Array.from(values, (_, i) => i).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b)

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** Scores of experts: sigmoid or softmax. */
function scoresOf(logits: Float32Array, sigmoid: boolean): number[] {
  if (sigmoid) return Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit)))
  const powers = Array.from(logits, (logit) => Math.exp(logit))
  const total = sum(powers)
  return powers.map((power) => power / total)
}

/** The experts of a row in order of choice, and their weights. */
function chooseExperts(constants: Constants, scores: readonly number[], biased: readonly number[]) {
  const { TOP_K = 0, GROUPS = 1, TOP_GROUPS = 1, GROUP_TOP2, NORM_TOPK_PROB, SCALE = 1 } = constants
  const size = scores.length / GROUPS
  const groupScores = Array.from({ length: GROUPS }, (_, group) => {
    const members = biased.slice(group * size, (group + 1) * size)
    const best = descending(members).slice(0, GROUP_TOP2 && size > 1 ? 2 : 1)
    return sum(best.map((i) => members[i] ?? 0))
  })
  const kept = new Set(descending(groupScores).slice(0, TOP_GROUPS))
  const chosen = descending(biased)
    .filter((expert) => kept.has(Math.floor(expert / size)))
    .slice(0, TOP_K)
  const total = sum(chosen.map((expert) => scores[expert] ?? 0))
  const factor = NORM_TOPK_PROB ? SCALE / total : SCALE
  return chosen.flatMap((expert) => [exact(expert), close((scores[expert] ?? 0) * factor)])
}

/**
 * Experts from the highest score to the lowest, for a token. Only experts in even places of their group have
 * a bias, of 1, and precede the others by it. Of those, each group has one in turn: so the choice is another
 * if one group too many, or too few, is left out.
 */
function orderedExperts({ EXPERTS = 0, GROUPS = 1 }: Constants, token: number): number[] {
  const size = EXPERTS / GROUPS
  const places = descending(randomNumbers(size, token + 1))
  const ofPlaces = (parity: number) =>
    places
      .filter((place) => place % 2 === parity)
      .flatMap((place) => Array.from({ length: GROUPS }, (_, i) => ((i + token) % GROUPS) * size + place))
  return [...ofPlaces(1), ...ofPlaces(0)]
}

/**
 * Checks route. A row's logits are spread so that all scores differ by far more than a rounding error; the
 * power keeps sums of two from being equal.
 */
export const routeCheck: CheckBuilder = (buffers, { constants }) => {
  const { EXPERTS = 0, TOP_K = 0, GROUPS = 1, SIGMOID } = constants
  const stride = padTo(EXPERTS, CHUNK)
  const logits = new Float32Array(FEW_TOKENS * stride)
  for (let token = 0; token < FEW_TOKENS; token++)
    orderedExperts(constants, token).forEach((expert, rank) => {
      logits[token * stride + expert] = 3 - 6 * (rank / EXPERTS) ** 1.3
    })
  const rowOf = (token: number) =>
    scoresOf(logits.subarray(token * stride, token * stride + EXPERTS), Boolean(SIGMOID))
  const bias = Float32Array.from({ length: EXPERTS }, (_, i) => Number((i % (EXPERTS / GROUPS)) % 2 === 0))
  const route = buffers.zeros(FEW_TOKENS * TOP_K * 2)
  const expected = () =>
    [0, 1, 2].flatMap((token) => {
      const scores = rowOf(token)
      const biased = scores.map((score, expert) => score + (bias[expert] ?? 0))
      return from(2 * token * TOP_K, chooseExperts(constants, scores, biased))
    })
  return {
    operands: { logits: buffers.upload(logits), bias: buffers.upload(bias), route },
    step: { tokens: FEW_TOKENS },
    // Even words are ids, odd words the bits of weights.
    outputs: [
      {
        buffer: route,
        words: FEW_TOKENS * TOP_K * 2,
        decode: (words) => {
          const weights = new Float32Array(words.buffer)
          return Array.from(words, (word, i) => (i % 2 === 0 ? word : (weights[i] ?? 0)))
        },
        expected,
      },
    ],
  }
}

/** A chosen (token, choice) pair. */
interface RoutedPair {
  readonly expert: number
  readonly token: number
  readonly choice: number
}

/** The pairs of these experts [tokens][choices], by expert, then token, then choice. */
export const rowsOfExpert = (ids: readonly (readonly number[])[]): RoutedPair[] =>
  ids
    .flatMap((experts, token) => experts.map((expert, choice) => ({ expert, token, choice })))
    .sort((a, b) => a.expert - b.expert)

/** The words of `grouped` (shaders/moe/expert_groups) for these experts, in tiles of `tileRows` rows. */
export function groupedWords(
  { EXPERTS = 0, TOP_K = 0, SHARED_INTERMEDIATE = 0, TILES = 0, MAX_TOKENS = 0 }: Constants,
  ids: readonly (readonly number[])[],
  tileRows: number,
): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(1 + 3 * TILES + 2 * MAX_TOKENS * TOP_K)
  const pairs = rowsOfExpert(ids)
  const tiles: number[] = []
  const addTiles = (expert: number, first: number, rows: number) => {
    for (let at = 0; at < rows; at += tileRows) tiles.push(expert, first + at, Math.min(rows - at, tileRows))
  }
  for (let expert = 0; expert < EXPERTS; expert++) {
    const first = pairs.findIndex((pair) => pair.expert === expert)
    addTiles(expert, first, pairs.filter((pair) => pair.expert === expert).length)
  }
  if (SHARED_INTERMEDIATE > 0) addTiles(EXPERTS, pairs.length, ids.length)
  words[0] = tiles.length / 3
  words.set(tiles, 1)
  const [tokenAt, rowAt] = [1 + 3 * TILES, 1 + 3 * TILES + MAX_TOKENS * TOP_K]
  pairs.forEach(({ token, choice }, row) => {
    words[tokenAt + row] = token
    words[rowAt + token * TOP_K + choice] = row
  })
  return words
}

/** Checks group_tokens: every word. */
export const groupTokensCheck: CheckBuilder = (buffers, { constants }, { tokens }) => {
  const { EXPERTS = 0, TOP_K = 0, MAX_TOKENS = 0, TILE_ROWS = 1 } = constants
  const count = Math.min(tokens, MAX_TOKENS)
  // Each token starts at a random expert and takes every second one, or every one where there are too few.
  const step = 2 * TOP_K <= EXPERTS ? 2 : 1
  const starts = descending(randomNumbers(EXPERTS, TOP_K))
  const ids = Array.from({ length: count }, (_, token) =>
    Array.from({ length: TOP_K }, (_, i) => ((starts[(token >> 1) % EXPERTS] ?? 0) + step * i) % EXPERTS),
  )
  const expected = groupedWords(constants, ids, TILE_ROWS)
  const grouped = buffers.zeros(expected.length)
  return {
    operands: {
      route: buffers.upload(Uint32Array.from(ids.flat().flatMap((id) => [id, 0]))),
      grouped,
    },
    step: { tokens: count },
    outputs: [
      {
        buffer: grouped,
        words: expected.length,
        decode: (words) => words,
        expected: () => from(0, Array.from(expected, exact)),
      },
    ],
  }
}

/** Checks combine_experts. */
export const combineExpertsCheck: CheckBuilder = (buffers, { constants }) => {
  const { HIDDEN = 0, TOP_K = 0, SHARED_INTERMEDIATE = 0, MAX_TOKENS = 0 } = constants
  const tokens = Math.min(FEW_TOKENS, MAX_TOKENS)
  const [pairs, stride] = [tokens * TOP_K, padTo(HIDDEN, CHUNK)]
  const output = randomNumbers((pairs + tokens) * stride, HIDDEN)
  const weights = randomNumbers(2 * pairs, TOP_K) // of a pair, at its odd word
  const order = descending(randomNumbers(pairs, 1))
  const ids = Array.from({ length: tokens }, (_, token) => order.slice(token * TOP_K, (token + 1) * TOP_K))
  // The rows in `order` are those of the grouped pairs, as if every pair had an expert of its own.
  const grouped = groupedWords({ ...constants, EXPERTS: 0, SHARED_INTERMEDIATE: 0 }, ids, 1)
  const y = randomOutput(buffers, tokens * stride)
  const expected = () =>
    Array.from({ length: tokens }, (_, token) =>
      edges(HIDDEN).map((column) => {
        const terms = (ids[token] ?? []).map(
          (row, choice) =>
            (weights[2 * (token * TOP_K + choice) + 1] ?? 0) * (output[row * stride + column] ?? 0),
        )
        if (SHARED_INTERMEDIATE > 0) terms.push(output[(pairs + token) * stride + column] ?? 0)
        const at = token * stride + column
        const total = { value: sum(terms), magnitude: sum(terms.map(Math.abs)) }
        return { at, ...plus(total, y.before[at] ?? 0) }
      }),
    ).flat()
  return {
    operands: {
      output: buffers.upload(output),
      route: buffers.upload(weights),
      grouped: buffers.upload(grouped),
      y: y.buffer,
    },
    step: { tokens },
    outputs: [{ buffer: y.buffer, words: tokens * stride, expected }],
  }
}
