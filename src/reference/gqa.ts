// Reference of the GQA kernels (multi-head, grouped-query and multi-query attention), in f64.
// gqa_prefill is plain causal attention; gqa_decode and gqa_combine together must agree with it.
import { rms_norm } from './norm.ts'
import { dot, type RotaryLayout, type Rotation, rotatedPairs, rowOf, type SoftmaxScale } from './vector.ts'

/** Sizes of one GQA layer. Head h reads key and value ⌊h / (heads / kvHeads)⌋. */
export interface GqaShape {
  readonly heads: number
  readonly kvHeads: number
  readonly qkHeadDim: number
  readonly vHeadDim: number
}

/** What is applied to projected rows before attention. Vectors are empty where the model has none. */
export interface GqaInputs {
  readonly columns: number // of a projected row
  readonly kOffset: number // column of the first key
  readonly vOffset: number
  readonly qkvBias: Float64Array // [queries | keys | values], without padding
  readonly qNorm: Float64Array // [key]
  readonly kNorm: Float64Array // [key]
  readonly epsilon: number
  readonly rotary: RotaryLayout // its pairs are the first columns of a head
}

const entrySize = ({ kvHeads, qkHeadDim, vHeadDim }: GqaShape): number => kvHeads * (qkHeadDim + vHeadDim)

/**
 * Queries and KV entries of rows that start at `position`. In both, a head's rotated numbers come last, those
 * of each rotary pair side by side.
 * @param projected [tokens, columns]: queries from column 0 on, keys from `kOffset`, values from `vOffset`
 * @returns query [tokens, heads, qkHeadDim], entries [tokens, kvHeads · qkHeadDim | kvHeads · vHeadDim]
 */
export function gqa_write(
  projected: Float64Array,
  shape: GqaShape,
  inputs: GqaInputs,
  position: number,
): { query: Float64Array; entries: Float64Array } {
  const { heads, kvHeads, qkHeadDim, vHeadDim } = shape
  const { columns } = inputs
  const tokens = projected.length / columns
  const query = new Float64Array(tokens * heads * qkHeadDim)
  const entries = new Float64Array(tokens * entrySize(shape))
  const keyBias = inputs.qkvBias.subarray(heads * qkHeadDim)
  const valueBias = keyBias.subarray(kvHeads * qkHeadDim)
  for (let t = 0; t < tokens; t++) {
    const row = rowOf(projected, t, columns)
    const entry = rowOf(entries, t, entrySize(shape))
    for (let h = 0; h < heads; h++) {
      const head = addBias(rowOf(row, h, qkHeadDim), rowOf(inputs.qkvBias, h, qkHeadDim))
      query.set(normAndRotate(head, inputs.qNorm, inputs, position + t), (t * heads + h) * qkHeadDim)
    }
    for (let g = 0; g < kvHeads; g++) {
      const head = addBias(rowOf(row.subarray(inputs.kOffset), g, qkHeadDim), rowOf(keyBias, g, qkHeadDim))
      entry.set(normAndRotate(head, inputs.kNorm, inputs, position + t), g * qkHeadDim)
      const values = addBias(rowOf(row.subarray(inputs.vOffset), g, vHeadDim), rowOf(valueBias, g, vHeadDim))
      entry.set(values, kvHeads * qkHeadDim + g * vHeadDim)
    }
  }
  return { query, entries }
}

/** Queries, and keys and values that were expanded from latents. Nothing is rotated yet. */
export interface ExpandedRows {
  readonly query: Float64Array // [tokens, heads, qkHeadDim]
  readonly expanded: Float64Array // [tokens, kvHeads, qkHeadDim - qkRopeDim + vHeadDim]
  readonly sharedKey: Float64Array // [tokens, qkRopeDim], the end of every key
}

/** As `gqa_write`, for expanded keys and values. */
export function mla_write_expanded(
  { query, expanded, sharedKey }: ExpandedRows,
  shape: GqaShape,
  { position, rotary }: Rotation,
): { query: Float64Array; entries: Float64Array } {
  const { heads, kvHeads, qkHeadDim, vHeadDim } = shape
  const qkRopeDim = 2 * rotary.frequencies.length
  const qkNopeDim = qkHeadDim - qkRopeDim
  const rotated = query.slice()
  const entries = new Float64Array((sharedKey.length / qkRopeDim) * entrySize(shape))
  for (let i = 0; i < query.length / qkHeadDim; i++) {
    const head = rowOf(rotated, i, qkHeadDim)
    head.set(rotatedPairs(head.slice(qkNopeDim), position + Math.floor(i / heads), rotary), qkNopeDim)
  }
  for (let t = 0; t < sharedKey.length / qkRopeDim; t++) {
    const entry = rowOf(entries, t, entrySize(shape))
    const rotatedKey = rotatedPairs(rowOf(sharedKey, t, qkRopeDim), position + t, rotary)
    for (let g = 0; g < kvHeads; g++) {
      const head = rowOf(expanded, t * kvHeads + g, qkNopeDim + vHeadDim)
      entry.set(head.subarray(0, qkNopeDim), g * qkHeadDim)
      entry.set(rotatedKey, g * qkHeadDim + qkNopeDim)
      entry.set(head.subarray(qkNopeDim), kvHeads * qkHeadDim + g * vHeadDim)
    }
  }
  return { query: rotated, entries }
}

/** A head plus its bias, if it has one. */
const addBias = (head: Float64Array, bias: Float64Array) => head.map((x, i) => x + (bias[i] ?? 0))

/** A query or key, normalised if it has a norm, then rotated to its position. */
function normAndRotate(
  head: Float64Array,
  norm: Float64Array,
  { rotary, epsilon }: GqaInputs,
  position: number,
): Float64Array {
  const normed = norm.length > 0 ? rms_norm(head, norm, epsilon) : head
  const qkRopeDim = 2 * rotary.frequencies.length
  return Float64Array.of(
    ...normed.subarray(qkRopeDim),
    ...rotatedPairs(normed.subarray(0, qkRopeDim), position, rotary),
  )
}

/** Keys and values, by position, of the group that head `h` belongs to. */
function groupOf(entries: Float64Array, shape: GqaShape, h: number) {
  const { heads, kvHeads, qkHeadDim, vHeadDim } = shape
  const group = Math.floor(h / (heads / kvHeads))
  const entry = (s: number) => rowOf(entries, s, entrySize(shape))
  return {
    key: (s: number) => rowOf(entry(s), group, qkHeadDim),
    value: (s: number) => rowOf(entry(s).subarray(kvHeads * qkHeadDim), group, vHeadDim),
  }
}

/**
 * For each row, head and split of the context: Σ p·v, the largest score, Σ p.
 * A split with no position visible to the row is zero, with -1e30 as its largest score.
 * @param query [tokens, heads, qkHeadDim]; its last row is the last position of the context
 * @param entries [context, KV entry]
 * @returns [tokens, heads, splits, vHeadDim + 2]
 */
export function gqa_decode(
  query: Float64Array,
  entries: Float64Array,
  shape: GqaShape & SoftmaxScale,
  split: number,
): Float64Array {
  const { heads, qkHeadDim, vHeadDim, softmaxScale } = shape
  const context = entries.length / entrySize(shape)
  const rows = query.length / qkHeadDim
  const splits = Math.ceil(context / split)
  const partial = new Float64Array(rows * splits * (vHeadDim + 2))
  for (let i = 0; i < rows * splits; i++) {
    const at = Math.floor(i / splits)
    const group = groupOf(entries, shape, at % heads)
    const sums = rowOf(partial, i, vHeadDim + 2)
    const visible = context - rows / heads + Math.floor(at / heads) + 1
    const first = (i % splits) * split
    const scores = Array.from(
      { length: Math.max(Math.min(split, visible - first), 0) },
      (_, s) => softmaxScale * dot(rowOf(query, at, qkHeadDim), group.key(first + s)),
    )
    const largest = Math.max(-1e30, ...scores)
    scores.forEach((score, s) => {
      const p = Math.exp(score - largest)
      group.value(first + s).forEach((x, v) => {
        sums[v] = (sums[v] ?? 0) + p * x
      })
      sums[vHeadDim + 1] = (sums[vHeadDim + 1] ?? 0) + p
    })
    sums[vHeadDim] = largest
  }
  return partial
}

/**
 * Combines the splits.
 * @param partial [tokens, heads, splits, vHeadDim + 2], as `gqa_decode` returns it
 * @returns [tokens, heads, vHeadDim]
 */
export function gqa_combine(partial: Float64Array, vHeadDim: number, splits: number): Float64Array {
  const rows = partial.length / (splits * (vHeadDim + 2))
  const output = new Float64Array(rows * vHeadDim)
  for (let i = 0; i < rows; i++) {
    const parts = Array.from({ length: splits }, (_, s) => rowOf(partial, i * splits + s, vHeadDim + 2))
    const largest = Math.max(...parts.map((part) => part[vHeadDim] ?? 0))
    const factors = parts.map((part) => Math.exp((part[vHeadDim] ?? 0) - largest))
    const sum = (v: number) => parts.reduce((total, part, s) => total + (factors[s] ?? 0) * (part[v] ?? 0), 0)
    for (let v = 0; v < vHeadDim; v++) output[i * vHeadDim + v] = sum(v) / sum(vHeadDim + 1)
  }
  return output
}

/**
 * Plain causal attention.
 * @param query [tokens, heads, qkHeadDim]; its last row is the last position of the context
 * @param entries [context, KV entry]
 * @returns [tokens, heads, vHeadDim]
 */
export function gqa_prefill(
  query: Float64Array,
  entries: Float64Array,
  shape: GqaShape & SoftmaxScale,
): Float64Array {
  const { heads, qkHeadDim, vHeadDim, softmaxScale } = shape
  const context = entries.length / entrySize(shape)
  const rows = query.length / qkHeadDim
  const output = new Float64Array(rows * vHeadDim)
  for (let i = 0; i < rows; i++) {
    const group = groupOf(entries, shape, i % heads)
    const visible = context - rows / heads + Math.floor(i / heads) + 1
    const scores = Array.from(
      { length: visible },
      (_, s) => softmaxScale * dot(rowOf(query, i, qkHeadDim), group.key(s)),
    )
    const largest = Math.max(...scores)
    const total = scores.reduce((sum, score) => sum + Math.exp(score - largest), 0)
    const row = rowOf(output, i, vHeadDim)
    scores.forEach((score, s) => {
      const p = Math.exp(score - largest) / total
      group.value(s).forEach((x, v) => {
        row[v] = (row[v] ?? 0) + p * x
      })
    })
  }
  return output
}
