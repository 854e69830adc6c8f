// weights/q4_packed – the codes of weights/q4 as bytes, BIAS above what they mean: so they have no sign to extend

#import shared/matrix
#import shared/group_scale
#import shared/packed

const FACTOR: f32 = 1;
const BIAS: i32 = 8;

// Both chunks lie in one vec4; where a row ends with the first, the codes of the second are zeros.
fn packed_pair(m: Matrix, row: u32, first: u32, second: u32) -> PackedPair {
  let words = fetch(m.base + row * m.stride + first / 2) ^ vec4<u32>(0x88888888);
  let low = vec4<u32>(0x0f0f0f0f);
  return PackedPair(words & low, (words >> vec4<u32>(4)) & low);
}
