// Pseudo-random inputs for tests and benchmarks, determined by a seed.

/** Fills the array with the output of xorshift32 (Marsaglia 2003), fast enough for a gigabyte. */
export function fillRandomWords(words: Uint32Array, seed: number): void {
  let state = (seed * 0x9e3779b1) | 1
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[i] = state
  }
}

/** `count` f32 numbers, uniform from -1 to 1. */
export function randomNumbers(count: number, seed: number): Float32Array<ArrayBuffer> {
  const words = new Uint32Array(count)
  fillRandomWords(words, seed)
  const numbers = new Float32Array(count)
  for (let i = 0; i < count; i++) numbers[i] = ((words[i] as number) | 0) / 2 ** 31
  return numbers
}
