// weights/q4_pair – how chunks of 4-bit codes lie; the module of a format defines `widen`, which takes the low halves of a word's bytes
//
// FACTOR * (widen - OFFSET) are the codes.

#import shared/matrix
#import shared/chunk
#import shared/offset
#import shared/group_scale

fn widen_all(words: vec4<u32>) -> mat4x4<f32> {
  return mat4x4<f32>(widen(words.x), widen(words.y), widen(words.z), widen(words.w));
}

fn weight_chunk(m: Matrix, row: u32, chunk: u32) -> mat4x4<f32> {
  return without_offset(widen_all(fetch(m.base + row * m.stride + chunk / 2) >> vec4<u32>(chunk % 2 * 4)));
}

// Both lie in one vec4; where a row ends with the first, the codes of the second are zeros.
fn weight_pair(m: Matrix, row: u32, first: u32, second: u32) -> ChunkPair {
  let words = fetch(m.base + row * m.stride + first / 2);
  return ChunkPair(widen_all(words), widen_all(words >> vec4<u32>(4)));
}
