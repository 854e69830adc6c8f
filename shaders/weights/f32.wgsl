// weights/f32 – weights stored as f32: four words a vec4, four vec4s a chunk; no scales

#import shared/stored

const CHUNKS_A_LOAD: u32 = 1;
const OFFSET: f32 = 0;
alias Words = array<vec4<u32>, 4>;

fn words_of(m: Matrix, row: u32, chunk: u32) -> Words {
  let at = m.base + row * m.stride + 4 * chunk;
  return Words(fetch(at), fetch(at + 1), fetch(at + 2), fetch(at + 3));
}

fn numbers_of(words: Words, odd: u32) -> mat4x4<f32> {
  return mat4x4<f32>(
    bitcast<vec4<f32>>(words[0]), bitcast<vec4<f32>>(words[1]), bitcast<vec4<f32>>(words[2]), bitcast<vec4<f32>>(words[3]));
}

fn weight_scale(m: Matrix, row: u32, chunk: u32) -> f32 { return 1.0; }
