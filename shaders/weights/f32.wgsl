// weights/f32 – weights stored as f32: four vec4s a chunk, no scales

#import shared/weight_chunk
#import shared/no_offset

const CHUNKS_PER_LOAD: u32 = 1;
const ZERO_POINT: f32 = 0;
alias Codes = array<vec4<u32>, 4>;

fn load_codes(m: Matrix, row: u32, chunk: u32) -> Codes {
  let at = m.base + row * m.stride + 4 * chunk;
  return Codes(weight_vec4(at), weight_vec4(at + 1), weight_vec4(at + 2), weight_vec4(at + 3));
}

fn decode_chunk(codes: Codes, odd: u32) -> mat4x4<f32> {
  return mat4x4<f32>(
    bitcast<vec4<f32>>(codes[0]), bitcast<vec4<f32>>(codes[1]),
    bitcast<vec4<f32>>(codes[2]), bitcast<vec4<f32>>(codes[3]));
}

fn weight_scale(m: Matrix, row: u32, chunk: u32) -> f32 { return 1.0; }
