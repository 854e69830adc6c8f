// weights/q8_int8 – the codes of weights/q8 as they are stored, for int8 dot products

#import shared/matrix
#import shared/group_scale
#import shared/int8_dot

const DECODE_SCALE: f32 = 1;
const ZERO_POINT: i32 = 0;

fn load_int8_pair(m: Matrix, row: u32, first: u32, second: u32) -> Int8Pair {
  let at = m.base + row * m.stride;
  return Int8Pair(weight_vec4(at + first), weight_vec4(at + second));
}
