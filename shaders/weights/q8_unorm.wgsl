// weights/q8_unorm – the codes of weights/q8, widened by a built-in that adapters without vector shifts are quick at
//
// Off by at most 3e-5 of a code's step: a 255th part is rounded.

#import shared/words_8
#import shared/group_scale

const OFFSET: f32 = 128.0 / 255;
const FACTOR: f32 = 255;

fn widen(word: u32) -> vec4<f32> { return unpack4x8unorm(word ^ 0x80808080); }
