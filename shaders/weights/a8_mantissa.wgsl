// weights/a8_mantissa – decodes weights/a8 by shifting codes into the mantissa of an f32
//
// A byte in the upper bits of the mantissa of 256 is the number 256 + code. Exact.

#import shared/dequantize_8
#import shared/affine_scale

const ZERO_POINT: f32 = 256;
const DECODE_SCALE: f32 = 1;

fn dequantize(word: u32) -> vec4<f32> {
  let bytes = vec4<u32>(word << 15, word << 7, word >> 1, word >> 9) & vec4<u32>(0x007f8000);
  return bitcast<vec4<f32>>(bytes | vec4<u32>(0x43800000));
}
