// weights/q8 – weights stored as signed 8-bit codes, one vec4 a chunk; 32 columns of a row share a scale
//
// Each word holds four columns, the first in its low byte. Exact for all codes on every adapter.

#import shared/words_8
#import shared/group_scale

const OFFSET: f32 = 0;
const FACTOR: f32 = 1;

// Up to the sign bit, then down again: a GPU has one instruction for both.
fn widen(word: u32) -> vec4<f32> {
  return vec4<f32>(bitcast<vec4<i32>>(vec4<u32>(word) << vec4<u32>(24, 16, 8, 0)) >> vec4<u32>(24));
}
