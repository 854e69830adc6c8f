// weights/q4 – weights stored as signed 4-bit codes, one vec4 for two chunks; 32 columns of a row share a scale
//
// Bytes lie as in weights/q8: an even chunk in their low halves, the odd one after it in the high halves. Exact for all codes.

#import shared/words_4
#import shared/group_scale

const OFFSET: f32 = 0;
const FACTOR: f32 = 1;

fn widen(word: u32) -> vec4<f32> {
  return vec4<f32>(bitcast<vec4<i32>>(vec4<u32>(word) << vec4<u32>(28, 20, 12, 4)) >> vec4<u32>(28));
}
