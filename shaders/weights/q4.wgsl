// weights/q4 – weights stored as signed 4-bit codes: one vec4 for two chunks, one scale per 32 columns
//
// Bytes are ordered as in weights/q8. Their low halves hold an even chunk, their high halves the next, odd
// one. Exact for all codes.

#import shared/dequantize_4
#import shared/group_scale

const ZERO_POINT: f32 = 0;
const DECODE_SCALE: f32 = 1;

fn dequantize(word: u32) -> vec4<f32> {
  return vec4<f32>(bitcast<vec4<i32>>(vec4<u32>(word) << vec4<u32>(28, 20, 12, 4)) >> vec4<u32>(28));
}
