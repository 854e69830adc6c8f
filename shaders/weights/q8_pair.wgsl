// weights/q8_pair – how chunks of 8-bit codes lie; the module of a format defines `widen`, which takes a word's four bytes
//
// FACTOR * (widen - OFFSET) are the codes.

#import shared/matrix
#import shared/chunk
#import shared/offset
#import shared/group_scale

fn widened(m: Matrix, row: u32, chunk: u32) -> mat4x4<f32> {
  let words = fetch(m.base + row * m.stride + chunk);
  return mat4x4<f32>(widen(words.x), widen(words.y), widen(words.z), widen(words.w));
}

fn weight_chunk(m: Matrix, row: u32, chunk: u32) -> mat4x4<f32> { return without_offset(widened(m, row, chunk)); }

fn weight_pair(m: Matrix, row: u32, first: u32, second: u32) -> ChunkPair {
  return ChunkPair(widened(m, row, first), widened(m, row, second));
}
