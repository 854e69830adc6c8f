// words_4 – two chunks of 4-bit codes, a vec4; the format defines `fn widen(word: u32) -> vec4<f32>` of the low halves of four bytes
//
// Where a row ends with an even chunk, the codes of the odd one are zeros.

#import shared/stored

const CHUNKS_A_LOAD: u32 = 2;
alias Words = vec4<u32>;

fn words_of(m: Matrix, row: u32, chunk: u32) -> Words { return fetch(m.base + row * m.stride + chunk / 2); }

fn numbers_of(words: Words, odd: u32) -> mat4x4<f32> {
  let halves = words >> vec4<u32>(4 * odd);
  return mat4x4<f32>(widen(halves.x), widen(halves.y), widen(halves.z), widen(halves.w));
}
