// weights/q4_unorm – the codes of weights/q4, widened as bytes by a built-in that adapters without vector shifts are quick at
//
// Off by at most 1.5e-6 of a code's step: a 255th part is rounded.

#import shared/words_4
#import shared/group_scale

const OFFSET: f32 = 8.0 / 255;
const FACTOR: f32 = 255;

fn widen(word: u32) -> vec4<f32> { return unpack4x8unorm((word ^ 0x88888888) & 0x0f0f0f0f); }
