// weights/a8_int8 – the codes of weights/a8, 128 lower, as signed bytes for int8 dot products

#import shared/matrix
#import shared/affine_scale
#import shared/int8_dot

const DECODE_SCALE: f32 = 1;
const ZERO_POINT: i32 = -128;

fn load_int8_pair(m: Matrix, row: u32, first: u32, second: u32) -> Int8Pair {
  let at = m.base + row * m.stride;
  let signs = vec4<u32>(0x80808080);
  return Int8Pair(weight_vec4(at + first) ^ signs, weight_vec4(at + second) ^ signs);
}
