// weights/q4 – weights stored as signed 4-bit codes, one vec4 for two chunks; 32 columns of a row share a scale
//
// Bytes lie as in weights/q8: an even chunk in their low halves, the odd one after it in the high halves. Exact for all codes.

#import shared/matrix
#import shared/group_scale

fn widen(word: u32) -> vec4<f32> {
  return vec4<f32>(bitcast<vec4<i32>>(vec4<u32>(word) << vec4<u32>(28, 20, 12, 4)) >> vec4<u32>(28));
}

fn weight_chunk(m: Matrix, row: u32, chunk: u32) -> mat4x4<f32> {
  let words = fetch(m.base + row * m.stride + chunk / 2) >> vec4<u32>(chunk % 2 * 4);
  return mat4x4<f32>(widen(words.x), widen(words.y), widen(words.z), widen(words.w));
}

fn weight_scale(m: Matrix, row: u32, chunk: u32) -> f32 { return group_scale(m, row, chunk); }
