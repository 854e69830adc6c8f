// Reference of the MoE kernels, in f64.
import { sigmoid, swiglu } from './activation.ts'
import { linear } from './linear.ts'
import { rms_norm } from './norm.ts'

/** One expert, routed or shared; the shared one may have another intermediate size. */
export interface Expert {
  readonly up: Float64Array // [2 * inner, hidden]: gate, then up
  readonly down: Float64Array // [hidden, inner]
}

export interface ExpertChoice {
  readonly expert: number
  readonly weight: number
}

export interface RouteOptions {
  readonly expertsPerToken: number
  readonly expertGroups: number
  readonly topkGroups: number
  readonly sigmoid: boolean // else softmax
  readonly groupTop2: boolean // a group's score is the sum of its two best experts; else its best
  readonly normTopkProb: boolean
  readonly routedScalingFactor: number
}

/**
 * Normalises rows and multiplies them with the router.
 * @param x [tokens, hidden]
 * @param norm [hidden]
 * @param weights [experts, hidden]
 * @returns normed [tokens, hidden] and logits [tokens, experts]
 */
export function route_logits(
  x: Float64Array,
  norm: Float64Array,
  weights: Float64Array,
  epsilon: number,
): { normed: Float64Array; logits: Float64Array } {
  const normed = rms_norm(x, norm, epsilon)
  return { normed, logits: linear(normed, weights, norm.length) }
}

/** The experts of one token, best first; equal scores order by id. */
export function route(logits: Float64Array, bias: Float64Array, options: RouteOptions): ExpertChoice[] {
  const scores = options.sigmoid ? logits.map(sigmoid) : softmax(logits)
  const biased = scores.map((score, expert) => score + (bias[expert] ?? 0))
  const size = scores.length / options.expertGroups
  const groupScores = Array.from({ length: options.expertGroups }, (_, group) => {
    const [best = 0, second = 0] = biased.slice(group * size, (group + 1) * size).sort((a, b) => b - a)
    return options.groupTop2 && size > 1 ? best + second : best
  })
  const kept = new Set(topK(groupScores, options.topkGroups))
  const candidates = Array.from(biased, (value, expert) =>
    kept.has(Math.floor(expert / size)) ? value : Number.NEGATIVE_INFINITY,
  )
  const chosen = topK(candidates, options.expertsPerToken)
  const total = chosen.reduce((sum, expert) => sum + (scores[expert] ?? 0), 0)
  const factor = options.normTopkProb
    ? options.routedScalingFactor / (total + 1e-20)
    : options.routedScalingFactor
  return chosen.map((expert) => ({ expert, weight: (scores[expert] ?? 0) * factor }))
}

function softmax(logits: Float64Array): Float64Array {
  const max = Math.max(...logits)
  const powers = logits.map((logit) => Math.exp(logit - max))
  const sum = powers.reduce((total, power) => total + power, 0)
  return powers.map((power) => power / sum)
}

/** Indices of the `count` largest values, largest first; equal values order by index. */
function topK(values: readonly number[], count: number): number[] {
  const indices = values.map((_, index) => index)
  return indices.sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b).slice(0, count)
}

/** inner = silu(gate · x) * (up · x) of one expert for one row x [hidden]. */
export function expert_up_decode(x: Float64Array, expert: Expert): Float64Array {
  const gateUp = linear(x, expert.up, x.length)
  return swiglu(gateUp, gateUp.length, gateUp.length / 2, gateUp.length / 2)
}

/** Σ weight * (down · inner) over one token's experts; the shared expert has weight 1. */
export function expert_down_decode(
  inner: readonly Float64Array[],
  experts: readonly Expert[],
  weights: readonly number[],
): Float64Array {
  const parts = experts.map((expert, j) => expert_down_prefill(inner[j] ?? new Float64Array(), expert))
  return combine_experts(parts, weights)
}

/** As `expert_up_decode`: prefill differs only in the order of its rows. */
export function expert_up_prefill(x: Float64Array, expert: Expert): Float64Array {
  return expert_up_decode(x, expert)
}

/** down · inner of one expert for one row, without the routing weight. */
export function expert_down_prefill(inner: Float64Array, expert: Expert): Float64Array {
  return linear(inner, expert.down, inner.length)
}

/** Σ weight * output, in order. */
export function combine_experts(outputs: readonly Float64Array[], weights: readonly number[]): Float64Array {
  const sum = new Float64Array(outputs[0]?.length ?? 0)
  outputs.forEach((output, j) => {
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (weights[j] ?? 0) * (output[i] ?? 0)
  })
  return sum
}

export interface GroupedRow {
  readonly expert: number
  readonly token: number
  readonly choice: number
}

export interface ExpertTile {
  readonly expert: number
  readonly firstRow: number
  readonly rows: number // at most 32
}

/**
 * Sorts the (token, choice) pairs by expert and cuts each expert's rows into tiles.
 * @param chosen expert ids, [tokens][expertsPerToken]
 * @param experts number of routed experts
 * @param shared whether there is a shared expert: its id is `experts`, and it gets every token
 */
export function group_tokens(
  chosen: readonly (readonly number[])[],
  experts: number,
  shared: boolean,
  tileRows: number,
): { rows: GroupedRow[]; tiles: ExpertTile[] } {
  const rows = chosen
    .flatMap((ids, token) => ids.map((expert, choice) => ({ expert, token, choice })))
    .sort((a, b) => a.expert - b.expert)
  if (shared) chosen.forEach((ids, token) => void rows.push({ expert: experts, token, choice: ids.length }))
  const tiles: ExpertTile[] = []
  rows.forEach(({ expert }, row) => {
    const last = tiles.at(-1)
    if (last?.expert === expert && last.rows < tileRows)
      tiles[tiles.length - 1] = { ...last, rows: last.rows + 1 }
    else tiles.push({ expert, firstRow: row, rows: 1 })
  })
  return { rows, tiles }
}
