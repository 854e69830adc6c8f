// Reference of the MLA kernels, in f64.
// mla_expand_kv and mla_prefill together are plain causal attention; the absorbed form of decode must agree
// with them.
import { linear } from './linear.ts'
import { rms_norm } from './norm.ts'
import {
  columnsOf,
  dot,
  type RotaryLayout,
  type Rotation,
  rotatedPairs,
  rowOf,
  type SoftmaxScale,
} from './vector.ts'

/** Sizes of one MLA layer. */
export interface MlaShape {
  readonly heads: number
  readonly qkNopeDim: number
  readonly qkRopeDim: number
  readonly vHeadDim: number
  readonly kvLoraRank: number
}

/** The RMSNorm of the KV latent. */
export interface LatentNorm {
  readonly weight: Float64Array // [latent]
  readonly epsilon: number
}

/** Where a projected row holds the latent; the shared key follows it. */
export interface ProjectedLayout {
  readonly columns: number // of a row
  readonly kvOffset: number
}

/**
 * KV entries of the rows: the normalised latent and the rotated shared key.
 * @param projected [tokens, columns]
 * @returns [tokens, kvLoraRank + qkRopeDim], the numbers of each rotary pair side by side
 */
export function mla_write(
  projected: Float64Array,
  { columns, kvOffset }: ProjectedLayout,
  { weight, epsilon }: LatentNorm,
  { position, rotary }: Rotation,
): Float64Array {
  const latent = weight.length
  const qkRopeDim = 2 * rotary.frequencies.length
  const tokens = projected.length / columns
  const entries = new Float64Array(tokens * (latent + qkRopeDim))
  for (let t = 0; t < tokens; t++) {
    const row = rowOf(projected, t, columns).slice(kvOffset, kvOffset + latent + qkRopeDim)
    const entry = rowOf(entries, t, latent + qkRopeDim)
    entry.set(rms_norm(row.slice(0, latent), weight, epsilon))
    entry.set(rotatedPairs(row.subarray(latent), position + t, rotary), latent)
  }
  return entries
}

/**
 * Rotates the rope part of every head. Each number stays in its column.
 * @param query [tokens, heads, qkNopeDim + qkRopeDim]
 */
export function rope_query(
  query: Float64Array,
  shape: MlaShape,
  { position, rotary }: Rotation,
): Float64Array {
  const width = shape.qkNopeDim + shape.qkRopeDim
  const rotated = query.slice()
  for (let at = 0; at < query.length; at += width) {
    const row = position + Math.floor(at / (shape.heads * width))
    const pairs = rotatedPairs(query.subarray(at + shape.qkNopeDim, at + width), row, rotary)
    rotary.frequencies.forEach((_, pair) => {
      columnsOf(pair, rotary).forEach((column, i) => {
        rotated[at + shape.qkNopeDim + column] = pairs[2 * pair + i] ?? 0
      })
    })
  }
  return rotated
}

/**
 * The query in the latent space: W_UKᵀ q_nope, then the rotated rope part, pairs side by side.
 * @param query [tokens, heads, qkNopeDim + qkRopeDim], not rotated
 * @param kvB [heads, qkNopeDim + vHeadDim, kvLoraRank]
 * @returns [tokens, heads, kvLoraRank + qkRopeDim]
 */
export function absorbed_query(
  query: Float64Array,
  kvB: Float64Array,
  shape: MlaShape,
  { position, rotary }: Rotation,
): Float64Array {
  const { heads, qkNopeDim, qkRopeDim, vHeadDim, kvLoraRank } = shape
  const rows = query.length / (qkNopeDim + qkRopeDim)
  const absorbed = new Float64Array(rows * (kvLoraRank + qkRopeDim))
  for (let i = 0; i < rows; i++) {
    const head = rowOf(query, i, qkNopeDim + qkRopeDim)
    const row = rowOf(absorbed, i, kvLoraRank + qkRopeDim)
    for (let n = 0; n < qkNopeDim; n++) {
      const weights = rowOf(kvB, (i % heads) * (qkNopeDim + vHeadDim) + n, kvLoraRank)
      for (let l = 0; l < kvLoraRank; l++) row[l] = (row[l] ?? 0) + (weights[l] ?? 0) * (head[n] ?? 0)
    }
    row.set(rotatedPairs(head.subarray(qkNopeDim), position + Math.floor(i / heads), rotary), kvLoraRank)
  }
  return absorbed
}

/** `absorbed_query` and `mla_write` of the same rows. */
export function mla_absorb_q(
  query: Float64Array,
  kvB: Float64Array,
  shape: MlaShape,
  written: Parameters<typeof mla_write>,
): { absorbed: Float64Array; entries: Float64Array } {
  const [, , , rotation] = written
  return { absorbed: absorbed_query(query, kvB, shape, rotation), entries: mla_write(...written) }
}

/**
 * For each row, head and split of the context: Σ p·ĉ, the largest score, Σ p.
 * A split with no position visible to the row is zero, with -1e30 as its largest score.
 * @param absorbed [tokens, heads, kvLoraRank + qkRopeDim]; its last row is the last position of the context
 * @param entries [context, kvLoraRank + qkRopeDim]
 * @returns [tokens, heads, splits, kvLoraRank + 2]
 */
export function mla_decode(
  absorbed: Float64Array,
  entries: Float64Array,
  shape: MlaShape & SoftmaxScale,
  split: number,
): Float64Array {
  const { heads, qkRopeDim, kvLoraRank, softmaxScale } = shape
  const width = kvLoraRank + qkRopeDim
  const context = entries.length / width
  const rows = absorbed.length / width
  const splits = Math.ceil(context / split)
  const partial = new Float64Array(rows * splits * (kvLoraRank + 2))
  for (let i = 0; i < rows * splits; i++) {
    const query = rowOf(absorbed, Math.floor(i / splits), width)
    const sums = rowOf(partial, i, kvLoraRank + 2)
    const visible = context - rows / heads + Math.floor(i / splits / heads) + 1
    const first = (i % splits) * split
    const scores = Array.from(
      { length: Math.max(Math.min(split, visible - first), 0) },
      (_, s) => softmaxScale * dot(query, rowOf(entries, first + s, width)),
    )
    const largest = Math.max(-1e30, ...scores)
    scores.forEach((score, s) => {
      const p = Math.exp(score - largest)
      const entry = rowOf(entries, first + s, width)
      for (let l = 0; l < kvLoraRank; l++) sums[l] = (sums[l] ?? 0) + p * (entry[l] ?? 0)
      sums[kvLoraRank + 1] = (sums[kvLoraRank + 1] ?? 0) + p
    })
    sums[kvLoraRank] = largest
  }
  return partial
}

/**
 * Combines the splits and multiplies the result with W_UV, which leaves the latent space.
 * @param partial [tokens, heads, splits, kvLoraRank + 2], as `mla_decode` returns it
 * @param kvB [heads, qkNopeDim + vHeadDim, kvLoraRank]
 * @returns [tokens, heads, vHeadDim]
 */
export function mla_combine_splits(
  partial: Float64Array,
  kvB: Float64Array,
  shape: MlaShape,
  splits: number,
): Float64Array {
  const { heads, qkNopeDim, vHeadDim, kvLoraRank } = shape
  const rows = partial.length / (splits * (kvLoraRank + 2))
  const output = new Float64Array(rows * vHeadDim)
  for (let i = 0; i < rows; i++) {
    const parts = Array.from({ length: splits }, (_, s) => rowOf(partial, i * splits + s, kvLoraRank + 2))
    const largest = Math.max(...parts.map((part) => part[kvLoraRank] ?? 0))
    const combined = new Float64Array(kvLoraRank + 1) // Σ p·ĉ, then Σ p
    for (const part of parts) {
      const factor = Math.exp((part[kvLoraRank] ?? 0) - largest)
      combined.forEach((sum, l) => {
        combined[l] = sum + factor * (part[l === kvLoraRank ? kvLoraRank + 1 : l] ?? 0)
      })
    }
    for (let v = 0; v < vHeadDim; v++) {
      const weights = rowOf(kvB, (i % heads) * (qkNopeDim + vHeadDim) + qkNopeDim + v, kvLoraRank)
      output[i * vHeadDim + v] = dot(weights, combined) / (combined[kvLoraRank] ?? 1)
    }
  }
  return output
}

/**
 * Keys (without their rope part) and values of all heads.
 * @param entries [context, kvLoraRank + qkRopeDim]
 * @param kvB [heads, qkNopeDim + vHeadDim, kvLoraRank]
 * @returns [context, heads, qkNopeDim + vHeadDim]
 */
export function mla_expand_kv(entries: Float64Array, kvB: Float64Array, shape: MlaShape): Float64Array {
  const width = shape.kvLoraRank + shape.qkRopeDim
  const latents = new Float64Array((entries.length / width) * shape.kvLoraRank)
  for (let row = 0; row < entries.length / width; row++) {
    latents.set(rowOf(entries, row, width).subarray(0, shape.kvLoraRank), row * shape.kvLoraRank)
  }
  return linear(latents, kvB, shape.kvLoraRank)
}

/**
 * Plain causal attention.
 * @param query [tokens, heads, qkNopeDim + qkRopeDim], rotated; its last row is the context's last position
 * @param expanded [context, heads, qkNopeDim + vHeadDim]
 * @param entries [context, kvLoraRank + qkRopeDim], for the shared keys
 * @returns [tokens, heads, vHeadDim]
 */
export function mla_prefill(
  query: Float64Array,
  expanded: Float64Array,
  entries: Float64Array,
  shape: MlaShape & SoftmaxScale & Pick<RotaryLayout, 'ropeInterleaved'>,
): Float64Array {
  const { heads, qkNopeDim, qkRopeDim, vHeadDim, kvLoraRank, softmaxScale, ropeInterleaved } = shape
  const rotary = { frequencies: new Array<number>(qkRopeDim / 2).fill(0), ropeInterleaved }
  const context = entries.length / (kvLoraRank + qkRopeDim)
  const rows = query.length / (qkNopeDim + qkRopeDim)
  const output = new Float64Array(rows * vHeadDim)
  for (let i = 0; i < rows; i++) {
    const head = rowOf(query, i, qkNopeDim + qkRopeDim)
    const pairs = rotatedPairs(head.subarray(qkNopeDim), 0, rotary) // angle 0: only reorders the pairs
    const visible = context - rows / heads + Math.floor(i / heads) + 1
    const scores = Array.from({ length: visible }, (_, s) => {
      const key = rowOf(expanded, s * heads + (i % heads), qkNopeDim + vHeadDim)
      return (
        softmaxScale *
        (dot(head.subarray(0, qkNopeDim), key) +
          dot(pairs, rowOf(entries, s, kvLoraRank + qkRopeDim).subarray(kvLoraRank)))
      )
    })
    const largest = Math.max(...scores)
    const total = scores.reduce((sum, score) => sum + Math.exp(score - largest), 0)
    const row = rowOf(output, i, vHeadDim)
    scores.forEach((score, s) => {
      const p = Math.exp(score - largest) / total
      const values = rowOf(expanded, s * heads + (i % heads), qkNopeDim + vHeadDim).subarray(qkNopeDim)
      for (let v = 0; v < vHeadDim; v++) row[v] = (row[v] ?? 0) + p * (values[v] ?? 0)
    })
  }
  return output
}
