// weights/a8_unorm – decodes weights/a8 with unpack4x8unorm
//
// Off by at most 3e-5 of a code's step, because the built-in rounds a division by 255.

#import shared/dequantize_8
#import shared/affine_scale

const ZERO_POINT: f32 = 0;
const DECODE_SCALE: f32 = 255;

fn dequantize(word: u32) -> vec4<f32> { return unpack4x8unorm(word); }
