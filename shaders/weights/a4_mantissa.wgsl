// weights/a4_mantissa – decodes weights/a4 by shifting codes into the mantissa of an f32
//
// Four bits at the top of the mantissa of 16 are the number 16 + code. Exact.

#import shared/dequantize_4
#import shared/affine_scale

const ZERO_POINT: f32 = 16;
const DECODE_SCALE: f32 = 1;

fn dequantize(word: u32) -> vec4<f32> {
  let codes = vec4<u32>(word << 19, word << 11, word << 3, word >> 5) & vec4<u32>(0x00780000);
  return bitcast<vec4<f32>>(codes | vec4<u32>(0x41800000));
}
