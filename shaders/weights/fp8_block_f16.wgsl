// weights/fp8_block_f16 – decodes weights/fp8_block by way of f16, two codes at a time
//
// The bits of an E4M3 code below its sign, shifted up by 7, are an f16 of 1/256 of its value; the scale
// corrects that. Codes with zero exponent bits become f16 subnormals, so this is exact only on adapters that
// keep subnormals.

#import shared/dequantize_8
#import shared/block_scale

const ZERO_POINT: f32 = 0;
const DECODE_SCALE: f32 = 256;

fn dequantize(word: u32) -> vec4<f32> {
  let even = unpack2x16float(((word & 0x007f007f) << 7) | ((word & 0x00800080) << 8));
  let odd = unpack2x16float(((word & 0x7f007f00) >> 1) | (word & 0x80008000));
  return vec4<f32>(even.x, odd.x, even.y, odd.y);
}
