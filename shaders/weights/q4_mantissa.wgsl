// weights/q4_mantissa – the codes of weights/q4, moved to where f32 has its mantissa: nothing is converted
//
// Four bits at the top of the mantissa of 16, their sign bit turned, are the number 24 + code. Exact.

#import shared/words_4
#import shared/group_scale

const OFFSET: f32 = 24;
const FACTOR: f32 = 1;

fn widen(word: u32) -> vec4<f32> {
  let codes = vec4<u32>(word << 19, word << 11, word << 3, word >> 5) & vec4<u32>(0x00780000);
  return bitcast<vec4<f32>>(codes ^ vec4<u32>(0x41c00000));
}
