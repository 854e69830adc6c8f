// Relative error of a list of numbers in the Euclidean norm.

/** ‖actual − expected‖ / ‖expected‖, or ‖actual‖ if all of `expected` is zero. NaN anywhere makes it NaN. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let squaredDifference = 0
  let squaredNorm = 0
  for (let i = 0; i < expected.length; i++) {
    squaredDifference += ((actual[i] ?? Number.NaN) - (expected[i] ?? 0)) ** 2
    squaredNorm += (expected[i] ?? 0) ** 2
  }
  return Math.sqrt(squaredDifference) / (Math.sqrt(squaredNorm) || 1)
}
