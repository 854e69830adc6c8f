// weights/q8 – weights stored as signed 8-bit codes: one vec4 a chunk, one scale per 32 columns of a row
//
// Each word holds four columns, the first in its low byte. Exact for all codes on every adapter.

#import shared/dequantize_8
#import shared/group_scale

const ZERO_POINT: f32 = 0;
const DECODE_SCALE: f32 = 1;

// Shifts each byte up to the sign bit and down again, which a GPU does in one instruction.
fn dequantize(word: u32) -> vec4<f32> {
  return vec4<f32>(bitcast<vec4<i32>>(vec4<u32>(word) << vec4<u32>(24, 16, 8, 0)) >> vec4<u32>(24));
}
