// dequantize_4 – loads and decodes chunks of 4-bit codes: one vec4 for two chunks
//
// The format defines `fn dequantize(word: u32) -> vec4<f32>`, for the low halves of four bytes. Where a row
// ends with an even chunk, the codes of the odd one are zeros.

#import shared/weight_chunk

const CHUNKS_PER_LOAD: u32 = 2;
alias Codes = vec4<u32>;

fn load_codes(m: Matrix, row: u32, chunk: u32) -> Codes {
  return weight_vec4(m.base + row * m.stride + chunk / 2);
}

fn decode_chunk(codes: Codes, odd: u32) -> mat4x4<f32> {
  let nibbles = codes >> vec4<u32>(4 * odd);
  return mat4x4<f32>(
    dequantize(nibbles.x), dequantize(nibbles.y), dequantize(nibbles.z), dequantize(nibbles.w));
}
