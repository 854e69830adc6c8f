// weights/a4_int8 – the codes of weights/a4 as bytes for int8 dot products

#import shared/matrix
#import shared/affine_scale
#import shared/int8_dot

const DECODE_SCALE: f32 = 1;
const ZERO_POINT: i32 = 0;

// One vec4 holds both chunks; where a row ends with the first, the codes of the second are zeros.
fn load_int8_pair(m: Matrix, row: u32, first: u32, second: u32) -> Int8Pair {
  let words = weight_vec4(m.base + row * m.stride + first / 2);
  let low = vec4<u32>(0x0f0f0f0f);
  return Int8Pair(words & low, (words >> vec4<u32>(4)) & low);
}
