// weights/q8_mantissa – the codes of weights/q8, moved to where f32 has its mantissa: nothing is converted
//
// A byte in the upper bits of the mantissa of 256, its sign bit turned, is the number 384 + code. Exact.

#import shared/words_8
#import shared/group_scale

const OFFSET: f32 = 384;
const FACTOR: f32 = 1;

fn widen(word: u32) -> vec4<f32> {
  let bytes = vec4<u32>(word << 15, word << 7, word >> 1, word >> 9) & vec4<u32>(0x007f8000);
  return bitcast<vec4<f32>>(bytes ^ vec4<u32>(0x43c00000));
}
