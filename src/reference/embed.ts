// Reference of embed, in f64.

/**
 * The rows of the table with these ids, times the factor.
 * @param table [vocab, hidden]
 * @returns [tokens, hidden]
 */
export function embed(ids: ArrayLike<number>, table: Float64Array, hidden: number, factor = 1): Float64Array {
  const x = new Float64Array(ids.length * hidden)
  for (let t = 0; t < ids.length; t++) {
    const start = (ids[t] ?? 0) * hidden
    x.set(
      table.subarray(start, start + hidden).map((value) => factor * value),
      t * hidden,
    )
  }
  return x
}
