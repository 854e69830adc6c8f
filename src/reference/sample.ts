// Reference of the sampling kernels, in f64 and with a full sort.

export interface Penalties {
  readonly repetition: number
  readonly presence: number
  readonly frequency: number
  /** Whether the mask lets an id be sampled. */
  readonly isAllowed?: (id: number) => boolean
}

/** Sampling settings; names and meaning as in Step. */
export interface Sampling {
  readonly temperature: number
  readonly topK: number
  readonly topP: number
  readonly minP: number
}

const LOWEST = -(2 ** 128) + 2 ** 104 // lowest finite f32: an impossible token
const GREEDY_BELOW = 1e-6

/**
 * Logits [vocab] after penalties, biases and the mask; `counts` as in the shader, `biases` are pairs (id,
 * amount).
 */
export function adjust_logits(
  logits: Float64Array,
  counts: Uint32Array,
  biases: readonly (readonly [number, number])[],
  { repetition, presence, frequency, isAllowed = () => true }: Penalties,
): Float64Array {
  const adjusted = logits.map((logit, id) => {
    const count = counts[id] ?? 0
    const generated = count & 0x7fffffff
    const repeated = logit > 0 ? logit / repetition : logit * repetition
    return (count ? repeated : logit) - (generated ? presence + frequency * generated : 0)
  })
  for (const [id, amount] of biases) if (id < adjusted.length) adjusted[id] = (adjusted[id] ?? 0) + amount
  return adjusted.map((logit, id) => (isAllowed(id) ? finite(logit) : LOWEST))
}

/** The probability of each id [vocab]. Of equal logits at the edge of top k or top p the smaller ids stay. */
export function sample_distribution(
  logits: Float64Array,
  { temperature, topK, topP, minP }: Sampling,
): Float64Array {
  const order = ranking(logits)
  const probabilities = new Float64Array(logits.length)
  const best = finite(logits[order[0] ?? 0] ?? 0)
  if (temperature < GREEDY_BELOW) {
    probabilities[order[0] ?? 0] = 1
    return probabilities
  }
  const weights = logits.map((logit) => Math.exp((finite(logit) - best) / temperature))
  const totalWeight = (ids: readonly number[]) => ids.reduce((sum, id) => sum + (weights[id] ?? 0), 0)
  let kept = topK > 0 ? order.slice(0, topK) : order
  if (topP < 1) {
    const target = topP * totalWeight(kept)
    let mass = 0
    const last = kept.findIndex((id) => {
      mass += weights[id] ?? 0
      return mass >= target
    })
    kept = kept.slice(0, last + 1)
  }
  kept = kept.filter((id) => (weights[id] ?? 0) >= Math.min(minP, 1))
  const total = totalWeight(kept)
  for (const id of kept) probabilities[id] = (weights[id] ?? 0) / total
  return probabilities
}

/** The id at which the cumulative probability, ids in order, exceeds random number `draw` of the seed. */
export function sample_token(logits: Float64Array, sampling: Sampling, seed: number, draw: number): number {
  const probabilities = sample_distribution(logits, sampling)
  const target = uniform_number(seed, draw)
  let mass = 0
  const chosen = probabilities.findIndex((probability) => {
    mass += probability
    return mass > target
  })
  return chosen < 0 ? probabilities.findLastIndex((probability) => probability > 0) : chosen
}

/** Pairs (id, log-probability) of the given ids, or of the `count` likeliest, best first. */
export function top_logprobs(
  logits: Float64Array,
  which: { readonly count: number } | { readonly ids: readonly number[] },
): (readonly [number, number])[] {
  const ids = 'ids' in which ? which.ids : ranking(logits).slice(0, which.count)
  const best = logits.reduce((largest, logit) => Math.max(largest, finite(logit)), LOWEST)
  const sum = logits.reduce((total, logit) => total + Math.exp(finite(logit) - best), 0)
  return ids.map((id) => [id, finite(logits[id] ?? 0) - best - Math.log(sum)] as const)
}

/** A 24-bit number in [0, 1), bit for bit that of the shader. */
export function uniform_number(seed: number, draw: number): number {
  return (scramble(draw ^ scramble(seed ^ 0x9e3779b9)) >>> 8) / 2 ** 24
}

function scramble(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x7feb352d)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b)
  return mixed ^ (mixed >>> 16)
}

/** All ids, best logit first; equal logits order by id. */
function ranking(logits: Float64Array): number[] {
  const ids = Array.from(logits, (_, id) => id)
  return ids.sort((a, b) => finite(logits[b] ?? 0) - finite(logits[a] ?? 0) || a - b)
}

function finite(logit: number): number {
  if (Number.isNaN(logit)) return LOWEST
  return Math.max(LOWEST, Math.min(-LOWEST, logit))
}
