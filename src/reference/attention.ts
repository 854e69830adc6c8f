// Answers: what do the kernels of multi-head latent attention compute, in f64? It must not know how the GPU does it.
// The materialised functions, taken together, are plain causal attention; the absorbed ones must agree with them.
import { linear } from './linear.ts'
import { rms_norm } from './norm.ts'
import { columnsOf, dot, type RotarySpec, rotatedPairs, rowOf } from './vector.ts'

/** Sizes of one attention layer. */
export interface HeadShape {
  readonly heads: number
  readonly nope: number
  readonly rope: number
  readonly value: number
  readonly latent: number
}

/** What a latent is normalised with. */
export interface LatentNorm {
  readonly weight: Float64Array // [latent]
  readonly epsilon: number
}

/**
 * Cache records of rows that begin at `position`.
 * @param projected [tokens, columns]: latent and shared key from `kvOffset` on
 * @returns [tokens, latent + rope] with the key pair by pair
 */
export function latent_write(
  projected: Float64Array,
  columns: number,
  kvOffset: number,
  { weight, epsilon }: LatentNorm,
  position: number,
  rotary: RotarySpec,
): Float64Array {
  const latent = weight.length
  const rope = 2 * rotary.frequencies.length
  const tokens = projected.length / columns
  const records = new Float64Array(tokens * (latent + rope))
  for (let t = 0; t < tokens; t++) {
    const row = rowOf(projected, t, columns).slice(kvOffset, kvOffset + latent + rope)
    const record = rowOf(records, t, latent + rope)
    record.set(rms_norm(row.slice(0, latent), weight, epsilon))
    record.set(rotatedPairs(row.subarray(latent), position + t, rotary), latent)
  }
  return records
}

/**
 * Turns the rope part of every head, each number staying in its column.
 * @param query [tokens, heads, nope + rope]
 */
export function rope_query(
  query: Float64Array,
  shape: HeadShape,
  position: number,
  rotary: RotarySpec,
): Float64Array {
  const width = shape.nope + shape.rope
  const turned = query.slice()
  for (let at = 0; at < query.length; at += width) {
    const row = position + Math.floor(at / (shape.heads * width))
    const pairs = rotatedPairs(query.subarray(at + shape.nope, at + width), row, rotary)
    rotary.frequencies.forEach((_, pair) => {
      columnsOf(pair, rotary).forEach((column, i) => {
        turned[at + shape.nope + column] = pairs[2 * pair + i] ?? 0
      })
    })
  }
  return turned
}

/**
 * The query in the latent space: W_UKᵀ q_nope, then the turned rope part pair by pair.
 * @param query [tokens, heads, nope + rope], not turned yet
 * @param expand [heads, nope + value, latent]
 * @returns [tokens, heads, latent + rope]
 */
export function absorb_query(
  query: Float64Array,
  expand: Float64Array,
  shape: HeadShape,
  position: number,
  rotary: RotarySpec,
): Float64Array {
  const { heads, nope, rope, value, latent } = shape
  const rows = query.length / (nope + rope)
  const absorbed = new Float64Array(rows * (latent + rope))
  for (let i = 0; i < rows; i++) {
    const head = rowOf(query, i, nope + rope)
    const into = rowOf(absorbed, i, latent + rope)
    for (let n = 0; n < nope; n++) {
      const weights = rowOf(expand, (i % heads) * (nope + value) + n, latent)
      for (let l = 0; l < latent; l++) into[l] = (into[l] ?? 0) + (weights[l] ?? 0) * (head[n] ?? 0)
    }
    into.set(rotatedPairs(head.subarray(nope), position + Math.floor(i / heads), rotary), latent)
  }
  return absorbed
}

/** `absorb_query` and `latent_write` of the same rows. */
export function latent_enter(
  query: Float64Array,
  expand: Float64Array,
  shape: HeadShape,
  written: Parameters<typeof latent_write>,
): { absorbed: Float64Array; records: Float64Array } {
  const [, , , , position, rotary] = written
  return { absorbed: absorb_query(query, expand, shape, position, rotary), records: latent_write(...written) }
}

/**
 * For each row, head and split of the context: Σ p·ĉ, the largest score, Σ p. A split that a row sees nothing of is zero, its
 * largest score -1e30.
 * @param absorbed [tokens, heads, latent + rope]
 * @param records [context, latent + rope]; the last row of `absorbed` belongs to the last of them
 * @returns [tokens, heads, splits, latent + 2]
 */
export function latent_attend(
  absorbed: Float64Array,
  records: Float64Array,
  shape: HeadShape,
  scale: number,
  split: number,
): Float64Array {
  const { heads, rope, latent } = shape
  const width = latent + rope
  const context = records.length / width
  const rows = absorbed.length / width
  const splits = Math.ceil(context / split)
  const partial = new Float64Array(rows * splits * (latent + 2))
  for (let i = 0; i < rows * splits; i++) {
    const query = rowOf(absorbed, Math.floor(i / splits), width)
    const into = rowOf(partial, i, latent + 2)
    const seen = context - rows / heads + Math.floor(i / splits / heads) + 1
    const first = (i % splits) * split
    const scores = Array.from(
      { length: Math.max(Math.min(split, seen - first), 0) },
      (_, s) => scale * dot(query, rowOf(records, first + s, width)),
    )
    const largest = Math.max(-1e30, ...scores)
    scores.forEach((score, s) => {
      const p = Math.exp(score - largest)
      const record = rowOf(records, first + s, width)
      for (let l = 0; l < latent; l++) into[l] = (into[l] ?? 0) + p * (record[l] ?? 0)
      into[latent + 1] = (into[latent + 1] ?? 0) + p
    })
    into[latent] = largest
  }
  return partial
}

/**
 * Joins splits and leaves the latent space.
 * @param partial [tokens, heads, splits, latent + 2], as `latent_attend` returns it
 * @param expand [heads, nope + value, latent]
 * @returns [tokens, heads, value]
 */
export function latent_merge(
  partial: Float64Array,
  expand: Float64Array,
  shape: HeadShape,
  splits: number,
): Float64Array {
  const { heads, nope, value, latent } = shape
  const rows = partial.length / (splits * (latent + 2))
  const output = new Float64Array(rows * value)
  for (let i = 0; i < rows; i++) {
    const parts = Array.from({ length: splits }, (_, s) => rowOf(partial, i * splits + s, latent + 2))
    const largest = Math.max(...parts.map((part) => part[latent] ?? 0))
    const merged = new Float64Array(latent + 1) // Σ p·ĉ, then Σ p
    for (const part of parts) {
      const factor = Math.exp((part[latent] ?? 0) - largest)
      merged.forEach((sum, l) => {
        merged[l] = sum + factor * (part[l === latent ? latent + 1 : l] ?? 0)
      })
    }
    for (let v = 0; v < value; v++) {
      const weights = rowOf(expand, (i % heads) * (nope + value) + nope + v, latent)
      output[i * value + v] = dot(weights, merged) / (merged[latent] ?? 1)
    }
  }
  return output
}

/**
 * Keys (without rope) and values of all heads.
 * @param records [context, latent + rope]
 * @param expand [heads, nope + value, latent]
 * @returns [context, heads, nope + value]
 */
export function expand_latent(records: Float64Array, expand: Float64Array, shape: HeadShape): Float64Array {
  const width = shape.latent + shape.rope
  const latents = new Float64Array((records.length / width) * shape.latent)
  for (let row = 0; row < records.length / width; row++) {
    latents.set(rowOf(records, row, width).subarray(0, shape.latent), row * shape.latent)
  }
  return linear(latents, expand, shape.latent)
}

/**
 * Plain causal attention.
 * @param query [tokens, heads, nope + rope], turned
 * @param expanded [context, heads, nope + value]; the last row of `query` belongs to the last of them
 * @param records [context, latent + rope], for the shared keys
 * @returns [tokens, heads, value]
 */
export function attend_prefill(
  query: Float64Array,
  expanded: Float64Array,
  records: Float64Array,
  shape: HeadShape,
  scale: number,
  halfSplit: boolean,
): Float64Array {
  const { heads, nope, rope, value, latent } = shape
  const rotary = { frequencies: new Array<number>(rope / 2).fill(0), halfSplit }
  const context = records.length / (latent + rope)
  const rows = query.length / (nope + rope)
  const output = new Float64Array(rows * value)
  for (let i = 0; i < rows; i++) {
    const head = rowOf(query, i, nope + rope)
    const pairs = rotatedPairs(head.subarray(nope), 0, rotary) // by no angle: only the order of the pairs changes
    const seen = context - rows / heads + Math.floor(i / heads) + 1
    const scores = Array.from({ length: seen }, (_, s) => {
      const key = rowOf(expanded, s * heads + (i % heads), nope + value)
      return (
        scale *
        (dot(head.subarray(0, nope), key) + dot(pairs, rowOf(records, s, latent + rope).subarray(latent)))
      )
    })
    const largest = Math.max(...scores)
    const total = scores.reduce((sum, score) => sum + Math.exp(score - largest), 0)
    const into = rowOf(output, i, value)
    scores.forEach((score, s) => {
      const p = Math.exp(score - largest) / total
      const values = rowOf(expanded, s * heads + (i % heads), nope + value).subarray(nope)
      for (let v = 0; v < value; v++) into[v] = (into[v] ?? 0) + p * (values[v] ?? 0)
    })
  }
  return output
}
