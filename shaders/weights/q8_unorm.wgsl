// weights/q8_unorm – decodes weights/q8 with unpack4x8unorm, which is fast on adapters without vector shifts
//
// Off by at most 3e-5 of a code's step, because the built-in rounds a division by 255.

#import shared/dequantize_8
#import shared/group_scale

const ZERO_POINT: f32 = 128.0 / 255;
const DECODE_SCALE: f32 = 255;

fn dequantize(word: u32) -> vec4<f32> { return unpack4x8unorm(word ^ 0x80808080); }
