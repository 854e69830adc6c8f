// weights/q4_mantissa – decodes weights/q4 by shifting codes into the mantissa of an f32
//
// Needs no conversion instruction. Four bits at the top of the mantissa of 16, with the sign bit flipped, are
// the number 24 + code. Exact.

#import shared/dequantize_4
#import shared/group_scale

const ZERO_POINT: f32 = 24;
const DECODE_SCALE: f32 = 1;

fn dequantize(word: u32) -> vec4<f32> {
  let codes = vec4<u32>(word << 19, word << 11, word << 3, word >> 5) & vec4<u32>(0x00780000);
  return bitcast<vec4<f32>>(codes ^ vec4<u32>(0x41c00000));
}
