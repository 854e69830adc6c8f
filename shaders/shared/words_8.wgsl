// words_8 – a chunk of 8-bit codes, a vec4; the format defines `fn widen(word: u32) -> vec4<f32>` of four, the first in the low byte

#import shared/stored

const CHUNKS_A_LOAD: u32 = 1;
alias Words = vec4<u32>;

fn words_of(m: Matrix, row: u32, chunk: u32) -> Words { return fetch(m.base + row * m.stride + chunk); }

fn numbers_of(words: Words, odd: u32) -> mat4x4<f32> {
  return mat4x4<f32>(widen(words.x), widen(words.y), widen(words.z), widen(words.w));
}
