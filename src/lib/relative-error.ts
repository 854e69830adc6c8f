// Relative error of a list of numbers in the Euclidean norm.

/** ‖actual − wanted‖ / ‖wanted‖ over all elements; NaN anywhere makes it NaN. */
export function relativeError(actual: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let difference = 0
  let size = 0
  for (let i = 0; i < wanted.length; i++) {
    difference += ((actual[i] ?? Number.NaN) - (wanted[i] ?? 0)) ** 2
    size += (wanted[i] ?? 0) ** 2
  }
  return Math.sqrt(difference) / (Math.sqrt(size) || 1)
}
