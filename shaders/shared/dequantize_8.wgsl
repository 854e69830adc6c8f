// dequantize_8 – loads and decodes chunks of 8-bit codes: one vec4 a chunk
//
// The format defines `fn dequantize(word: u32) -> vec4<f32>`, for four codes, the first in the low byte.

#import shared/weight_chunk

const CHUNKS_PER_LOAD: u32 = 1;
alias Codes = vec4<u32>;

fn load_codes(m: Matrix, row: u32, chunk: u32) -> Codes {
  return weight_vec4(m.base + row * m.stride + chunk);
}

fn decode_chunk(codes: Codes, odd: u32) -> mat4x4<f32> {
  return mat4x4<f32>(dequantize(codes.x), dequantize(codes.y), dequantize(codes.z), dequantize(codes.w));
}
