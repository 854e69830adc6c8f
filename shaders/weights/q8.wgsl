// weights/q8 – weights stored as signed 8-bit codes, one vec4 a chunk; 32 columns of a row share a scale
//
// Each word holds four columns, the first in its low byte. Exact for all codes on every adapter.

#import shared/matrix
#import shared/chunk_pair
#import shared/group_scale

// Up to the sign bit, then down again: a GPU has one instruction for both.
fn widen(word: u32) -> vec4<f32> {
  return vec4<f32>(bitcast<vec4<i32>>(vec4<u32>(word) << vec4<u32>(24, 16, 8, 0)) >> vec4<u32>(24));
}

fn weight_chunk(m: Matrix, row: u32, chunk: u32) -> mat4x4<f32> {
  let words = fetch(m.base + row * m.stride + chunk);
  return mat4x4<f32>(widen(words.x), widen(words.y), widen(words.z), widen(words.w));
}

fn weight_scale(m: Matrix, row: u32, chunk: u32) -> f32 { return group_scale(m, row, chunk); }
