// weights/a8 – weights stored as unsigned 8-bit codes in the order of weights/q8, with scales and offsets
//
// Exact for all codes on every adapter.

#import shared/dequantize_8
#import shared/affine_scale

const ZERO_POINT: f32 = 0;
const DECODE_SCALE: f32 = 1;

// Converted as signed numbers, which CPUs do in one instruction.
fn dequantize(word: u32) -> vec4<f32> {
  return vec4<f32>(vec4<i32>((vec4<u32>(word) >> vec4<u32>(0, 8, 16, 24)) & vec4<u32>(0xff)));
}
