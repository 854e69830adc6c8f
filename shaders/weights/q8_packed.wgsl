// weights/q8_packed – the codes of weights/q8 as they are stored, for products of packed bytes

#import shared/matrix
#import shared/group_scale
#import shared/packed

const FACTOR: f32 = 1;
const BIAS: i32 = 0;

fn packed_pair(m: Matrix, row: u32, first: u32, second: u32) -> PackedPair {
  let at = m.base + row * m.stride;
  return PackedPair(fetch(at + first), fetch(at + second));
}
