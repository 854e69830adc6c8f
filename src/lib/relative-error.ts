// Relative error of a list of numbers in the Euclidean norm.

/** ‖actual − wanted‖ / ‖wanted‖, or ‖actual‖ if all of `wanted` is zero. NaN anywhere makes it NaN. */
export function relativeError(actual: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let squaredDifference = 0
  let squaredNorm = 0
  for (let i = 0; i < wanted.length; i++) {
    squaredDifference += ((actual[i] ?? Number.NaN) - (wanted[i] ?? 0)) ** 2
    squaredNorm += (wanted[i] ?? 0) ** 2
  }
  return Math.sqrt(squaredDifference) / (Math.sqrt(squaredNorm) || 1)
}
