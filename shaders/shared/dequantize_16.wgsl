// dequantize_16 – loads and decodes chunks of 16-bit numbers: two vec4s a chunk, no scales
//
// The format defines `fn dequantize(low: u32, high: u32) -> vec4<f32>`.

#import shared/weight_chunk
#import shared/no_offset

const CHUNKS_PER_LOAD: u32 = 1;
const ZERO_POINT: f32 = 0;
alias Codes = array<vec4<u32>, 2>;

fn load_codes(m: Matrix, row: u32, chunk: u32) -> Codes {
  let at = m.base + row * m.stride + 2 * chunk;
  return Codes(weight_vec4(at), weight_vec4(at + 1));
}

fn decode_chunk(codes: Codes, odd: u32) -> mat4x4<f32> {
  let a = codes[0];
  let b = codes[1];
  return mat4x4<f32>(dequantize(a.x, a.y), dequantize(a.z, a.w), dequantize(b.x, b.y), dequantize(b.z, b.w));
}

fn weight_scale(m: Matrix, row: u32, chunk: u32) -> f32 { return 1.0; }
