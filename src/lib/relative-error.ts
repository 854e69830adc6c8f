// Relative error of a list of numbers in the Euclidean norm.

/** ‖actual − expected‖ / ‖expected‖ over all elements; NaN anywhere makes it NaN. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0
  let size = 0
  for (let i = 0; i < expected.length; i++) {
    difference += ((actual[i] ?? Number.NaN) - (expected[i] ?? 0)) ** 2
    size += (expected[i] ?? 0) ** 2
  }
  return Math.sqrt(difference) / (Math.sqrt(size) || 1)
}
