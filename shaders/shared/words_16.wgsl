// words_16 – a chunk of 16-bit numbers, two vec4s; the format defines `fn widen(low: u32, high: u32) -> vec4<f32>`; no scales

#import shared/stored

const CHUNKS_A_LOAD: u32 = 1;
const OFFSET: f32 = 0;
alias Words = array<vec4<u32>, 2>;

fn words_of(m: Matrix, row: u32, chunk: u32) -> Words {
  let at = m.base + row * m.stride + 2 * chunk;
  return Words(fetch(at), fetch(at + 1));
}

fn numbers_of(words: Words, odd: u32) -> mat4x4<f32> {
  let a = words[0];
  let b = words[1];
  return mat4x4<f32>(widen(a.x, a.y), widen(a.z, a.w), widen(b.x, b.y), widen(b.z, b.w));
}

fn weight_scale(m: Matrix, row: u32, chunk: u32) -> f32 { return 1.0; }
