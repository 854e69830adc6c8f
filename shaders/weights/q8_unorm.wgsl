// weights/q8_unorm – the codes of weights/q8, widened by a built-in that adapters without vector shifts are quick at
//
// Off by at most 3e-5 of a code's step: 255 times a 255th part is rounded twice.

#import shared/matrix
#import shared/chunk_pair
#import shared/group_scale

fn widen(word: u32) -> vec4<f32> { return 255.0 * unpack4x8unorm(word ^ 0x80808080) - 128.0; }

fn weight_chunk(m: Matrix, row: u32, chunk: u32) -> mat4x4<f32> {
  let words = fetch(m.base + row * m.stride + chunk);
  return mat4x4<f32>(widen(words.x), widen(words.y), widen(words.z), widen(words.w));
}

fn weight_scale(m: Matrix, row: u32, chunk: u32) -> f32 { return group_scale(m, row, chunk); }
