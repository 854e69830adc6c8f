// How often each expert fired over an answer, and how evenly that is spread.
import type { AnswerTrace } from './token-trace.ts'

/** Counts of an answer that may grow. */
export interface ExpertCounts {
  readonly layers: readonly number[] // those with experts, counted from 0
  readonly experts: number // in each layer
  readonly expertsPerToken: number
  readonly fired: Uint32Array // [layers, experts]: tokens
  readonly tokens: number // with experts
  readonly read: number // tokens of the trace that were looked at
  readonly first: unknown // its first token, which tells traces apart
}

/** An expert, and the part of the tokens that it fired for, 0 to 1. */
export interface ExpertUse {
  readonly layer: number
  readonly expert: number
  readonly share: number
}

/** How the tokens are spread over the experts of a layer. */
export interface LayerLoad {
  readonly layer: number
  readonly busiest: ExpertUse
  readonly unused: number // experts that never fired
  /** Entropy relative to that of an even load: 1 if all fire equally often, 0 if one alone does. */
  readonly evenness: number
}

/** The load of a whole answer. */
export interface ExpertLoad {
  readonly layers: readonly LayerLoad[]
  readonly busiest: ExpertUse
  readonly idlest: ExpertUse
  readonly unused: number
  readonly evenness: number // mean of the layers
  readonly evenShare: number // of the tokens, for each expert of an even load
}

/**
 * Counts the tokens that are new since `before`, which must not be used any more.
 * @param experts of each layer; ids beyond are left out
 */
export function countExperts(trace: AnswerTrace, experts: number, before?: ExpertCounts): ExpertCounts {
  const { layers, expertsPerToken, tokens } = trace
  const size = layers.length * experts
  const goesOn = before?.first === tokens[0] && before?.fired.length === size && before.read <= tokens.length
  const fired = goesOn ? before.fired : new Uint32Array(size)
  const start = goesOn ? before.read : 0
  let counted = goesOn ? before.tokens : 0
  for (const token of tokens.slice(start)) {
    if (!token.experts) continue
    counted++
    token.experts.ids.forEach((id, at) => {
      const cell = Math.floor(at / expertsPerToken) * experts + id
      if (id < experts && cell < size) fired[cell] = (fired[cell] ?? 0) + 1
    })
  }
  return { layers, experts, expertsPerToken, fired, tokens: counted, read: tokens.length, first: tokens[0] }
}

/** Sums the counts up; undefined before the first token with experts. */
export function expertLoad(counts: ExpertCounts): ExpertLoad | undefined {
  const { layers, experts, expertsPerToken, fired, tokens } = counts
  if (tokens === 0 || layers.length === 0 || experts === 0) return undefined
  const useOf = (cell: number): ExpertUse => ({
    layer: layers[Math.floor(cell / experts)] ?? 0,
    expert: cell % experts,
    share: (fired[cell] ?? 0) / tokens,
  })
  const loads = layers.map((layer, index): LayerLoad => {
    const row = fired.subarray(index * experts, (index + 1) * experts)
    return {
      layer,
      busiest: useOf(index * experts + extremeOf(row, (a, b) => a > b)),
      unused: row.filter((count) => count === 0).length,
      evenness: evennessOf(row),
    }
  })
  return {
    layers: loads,
    busiest: useOf(extremeOf(fired, (a, b) => a > b)),
    idlest: useOf(extremeOf(fired, (a, b) => a < b)),
    unused: loads.reduce((sum, { unused }) => sum + unused, 0),
    evenness: loads.reduce((sum, { evenness }) => sum + evenness, 0) / loads.length,
    evenShare: expertsPerToken / experts,
  }
}

/** The parts of the tokens that each expert fired for, relative to the busiest; [layers, experts], 0 to 1. */
export function relativeLoad({ fired }: ExpertCounts): Float32Array {
  const largest = fired.reduce((most, count) => Math.max(most, count), 1)
  return Float32Array.from(fired, (count) => count / largest)
}

/** The weights of one token, relative to the largest of its layer; [layers, experts], 0 to 1. */
export function tokenWeights(trace: AnswerTrace, index: number, experts: number): Float32Array {
  const { layers, expertsPerToken } = trace
  const cells = new Float32Array(layers.length * experts)
  const token = trace.tokens[index]?.experts
  if (!token) return cells
  for (const layer of layers.keys()) {
    const at = layer * expertsPerToken
    const weights = token.weights.slice(at, at + expertsPerToken)
    const largest = Math.max(...weights, Number.MIN_VALUE)
    token.ids.slice(at, at + expertsPerToken).forEach((id, rank) => {
      if (id < experts) cells[layer * experts + id] = (weights[rank] ?? 0) / largest
    })
  }
  return cells
}

/** Index of the first value that comes before all others. */
function extremeOf(values: Uint32Array, isBefore: (a: number, b: number) => boolean): number {
  let best = 0
  values.forEach((value, index) => {
    if (isBefore(value, values[best] ?? 0)) best = index
  })
  return best
}

function evennessOf(counts: Uint32Array): number {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0 || counts.length < 2) return 1
  let entropy = 0
  for (const count of counts) if (count > 0) entropy -= (count / total) * Math.log(count / total)
  return entropy / Math.log(counts.length)
}
