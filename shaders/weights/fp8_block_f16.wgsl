// weights/fp8_block_f16 – the codes of weights/fp8_block, widened two at a time through f16
//
// An E4M3 code, moved up by 7 bits under its sign, is the f16 of a 256th part: the scale makes up for that. Codes without exponent
// bits become f16 subnormals, so this is for adapters that keep those; exact there.

#import shared/words_8
#import shared/block_scale

const OFFSET: f32 = 0;
const FACTOR: f32 = 256;

fn widen(word: u32) -> vec4<f32> {
  let even = unpack2x16float(((word & 0x007f007f) << 7) | ((word & 0x00800080) << 8));
  let odd = unpack2x16float(((word & 0x7f007f00) >> 1) | (word & 0x80008000));
  return vec4<f32>(even.x, odd.x, even.y, odd.y);
}
