// weights/q4_unorm – the codes of weights/q4, widened as bytes by a built-in that adapters without vector shifts are quick at
//
// Off by at most 1.5e-6: 255 times a 255th part is rounded twice.

#import weights/q4_pair

fn widen(word: u32) -> vec4<f32> { return 255.0 * unpack4x8unorm((word ^ 0x88888888) & 0x0f0f0f0f) - 8.0; }
