// Answers: what do the kernels of attention with keys and values of its own for each group of heads compute, in f64?
// It must not know how the GPU does it. heads_prefill is plain causal attention; heads_attend and heads_merge together must agree with it.
import { rms_norm } from './norm.ts'
import { dot, type RotarySpec, rotatedPairs, rowOf } from './vector.ts'

/** Sizes of one attention layer; head h reads key and value ⌊h / (heads / kvHeads)⌋. */
export interface GroupShape {
  readonly heads: number
  readonly kvHeads: number
  readonly key: number
  readonly value: number
}

/** What becomes of a projected token before it is attended with; empty vectors where the model has none. */
export interface HeadInputs {
  readonly kOffset: number // column of the first key
  readonly vOffset: number
  readonly bias: Float64Array // [queries | keys | values], tight
  readonly queryNorm: Float64Array // [key]
  readonly keyNorm: Float64Array // [key]
  readonly epsilon: number
  readonly rotary: RotarySpec // its pairs are the last columns of a head
}

const recordOf = ({ kvHeads, key, value }: GroupShape): number => kvHeads * (key + value)

/**
 * Queries and cache records of rows that begin at `position`, the turned columns pair by pair.
 * @param projected [tokens, columns]: queries from column 0 on, keys and values where `inputs` says
 * @returns query [tokens, heads, key], records [tokens, kvHeads · key | kvHeads · value]
 */
export function heads_write(
  projected: Float64Array,
  columns: number,
  shape: GroupShape,
  inputs: HeadInputs,
  position: number,
): { query: Float64Array; records: Float64Array } {
  const { heads, kvHeads, key, value } = shape
  const tokens = projected.length / columns
  const query = new Float64Array(tokens * heads * key)
  const records = new Float64Array(tokens * recordOf(shape))
  const keyBias = inputs.bias.subarray(heads * key)
  const valueBias = keyBias.subarray(kvHeads * key)
  for (let t = 0; t < tokens; t++) {
    const row = rowOf(projected, t, columns)
    const record = rowOf(records, t, recordOf(shape))
    for (let h = 0; h < heads; h++) {
      const head = add(rowOf(row, h, key), rowOf(inputs.bias, h, key))
      query.set(turn(head, inputs.queryNorm, inputs, position + t), (t * heads + h) * key)
    }
    for (let g = 0; g < kvHeads; g++) {
      const head = add(rowOf(row.subarray(inputs.kOffset), g, key), rowOf(keyBias, g, key))
      record.set(turn(head, inputs.keyNorm, inputs, position + t), g * key)
      const values = add(rowOf(row.subarray(inputs.vOffset), g, value), rowOf(valueBias, g, value))
      record.set(values, kvHeads * key + g * value)
    }
  }
  return { query, records }
}

/**
 * The same for keys and values that were expanded from latents; every key ends with the one that all heads share.
 * @param query [tokens, heads, key], not turned
 * @param expanded [tokens, kvHeads, key - rope + value]
 * @param shared [tokens, rope], not turned
 */
export function expanded_write(
  query: Float64Array,
  expanded: Float64Array,
  shared: Float64Array,
  shape: GroupShape,
  position: number,
  rotary: RotarySpec,
): { query: Float64Array; records: Float64Array } {
  const { heads, kvHeads, key, value } = shape
  const rope = 2 * rotary.frequencies.length
  const nope = key - rope
  const turned = query.slice()
  const records = new Float64Array((shared.length / rope) * recordOf(shape))
  for (let i = 0; i < query.length / key; i++) {
    const head = rowOf(turned, i, key)
    head.set(rotatedPairs(head.slice(nope), position + Math.floor(i / heads), rotary), nope)
  }
  for (let t = 0; t < shared.length / rope; t++) {
    const record = rowOf(records, t, recordOf(shape))
    const common = rotatedPairs(rowOf(shared, t, rope), position + t, rotary)
    for (let g = 0; g < kvHeads; g++) {
      const own = rowOf(expanded, t * kvHeads + g, nope + value)
      record.set(own.subarray(0, nope), g * key)
      record.set(common, g * key + nope)
      record.set(own.subarray(nope), kvHeads * key + g * value)
    }
  }
  return { query: turned, records }
}

/** A head plus its bias, if it has one. */
const add = (head: Float64Array, bias: Float64Array) => head.map((each, i) => each + (bias[i] ?? 0))

/** A query or key normalised, if it has a norm, and turned to its position. */
function turn(
  head: Float64Array,
  norm: Float64Array,
  { rotary, epsilon }: HeadInputs,
  position: number,
): Float64Array {
  const turned = norm.length > 0 ? rms_norm(head, norm, epsilon) : head.slice()
  const nope = head.length - 2 * rotary.frequencies.length
  turned.set(rotatedPairs(turned.subarray(nope), position, rotary), nope)
  return turned
}

/** Keys and values of the group that head `h` belongs to, position by position. */
function groupOf(records: Float64Array, shape: GroupShape, h: number) {
  const { heads, kvHeads, key, value } = shape
  const group = Math.floor(h / (heads / kvHeads))
  const record = (s: number) => rowOf(records, s, recordOf(shape))
  return {
    key: (s: number) => rowOf(record(s), group, key),
    value: (s: number) => rowOf(record(s).subarray(kvHeads * key), group, value),
  }
}

/**
 * For each row, head and split of the context: Σ p·v, the largest score, Σ p. A split that a row sees nothing of is zero, its
 * largest score -1e30.
 * @param query [tokens, heads, key]
 * @param records [context, record]; the last row of `query` belongs to the last of them
 * @returns [tokens, heads, splits, value + 2]
 */
export function heads_attend(
  query: Float64Array,
  records: Float64Array,
  shape: GroupShape,
  scale: number,
  split: number,
): Float64Array {
  const { heads, key, value } = shape
  const context = records.length / recordOf(shape)
  const rows = query.length / key
  const splits = Math.ceil(context / split)
  const partial = new Float64Array(rows * splits * (value + 2))
  for (let i = 0; i < rows * splits; i++) {
    const at = Math.floor(i / splits)
    const group = groupOf(records, shape, at % heads)
    const into = rowOf(partial, i, value + 2)
    const seen = context - rows / heads + Math.floor(at / heads) + 1
    const first = (i % splits) * split
    const scores = Array.from(
      { length: Math.max(Math.min(split, seen - first), 0) },
      (_, s) => scale * dot(rowOf(query, at, key), group.key(first + s)),
    )
    const largest = Math.max(-1e30, ...scores)
    scores.forEach((score, s) => {
      const p = Math.exp(score - largest)
      group.value(first + s).forEach((each, v) => {
        into[v] = (into[v] ?? 0) + p * each
      })
      into[value + 1] = (into[value + 1] ?? 0) + p
    })
    into[value] = largest
  }
  return partial
}

/**
 * Joins splits.
 * @param partial [tokens, heads, splits, value + 2], as `heads_attend` returns it
 * @returns [tokens, heads, value]
 */
export function heads_merge(partial: Float64Array, value: number, splits: number): Float64Array {
  const rows = partial.length / (splits * (value + 2))
  const output = new Float64Array(rows * value)
  for (let i = 0; i < rows; i++) {
    const parts = Array.from({ length: splits }, (_, s) => rowOf(partial, i * splits + s, value + 2))
    const largest = Math.max(...parts.map((part) => part[value] ?? 0))
    const factors = parts.map((part) => Math.exp((part[value] ?? 0) - largest))
    const sum = (v: number) => parts.reduce((total, part, s) => total + (factors[s] ?? 0) * (part[v] ?? 0), 0)
    for (let v = 0; v < value; v++) output[i * value + v] = sum(v) / sum(value + 1)
  }
  return output
}

/**
 * Plain causal attention.
 * @param query [tokens, heads, key]
 * @param records [context, record]; the last row of `query` belongs to the last of them
 * @returns [tokens, heads, value]
 */
export function heads_prefill(
  query: Float64Array,
  records: Float64Array,
  shape: GroupShape,
  scale: number,
): Float64Array {
  const { heads, key, value } = shape
  const context = records.length / recordOf(shape)
  const rows = query.length / key
  const output = new Float64Array(rows * value)
  for (let i = 0; i < rows; i++) {
    const group = groupOf(records, shape, i % heads)
    const seen = context - rows / heads + Math.floor(i / heads) + 1
    const scores = Array.from({ length: seen }, (_, s) => scale * dot(rowOf(query, i, key), group.key(s)))
    const largest = Math.max(...scores)
    const total = scores.reduce((sum, score) => sum + Math.exp(score - largest), 0)
    const into = rowOf(output, i, value)
    scores.forEach((score, s) => {
      const p = Math.exp(score - largest) / total
      group.value(s).forEach((each, v) => {
        into[v] = (into[v] ?? 0) + p * each
      })
    })
  }
  return output
}
