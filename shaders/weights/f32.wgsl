// weights/f32 – weights stored as f32: four words a vec4, four vec4s a chunk; no scales

#import shared/matrix
#import shared/chunk_pair

fn weight_chunk(m: Matrix, row: u32, chunk: u32) -> mat4x4<f32> {
  let at = m.base + row * m.stride + 4 * chunk;
  return mat4x4<f32>(
    bitcast<vec4<f32>>(fetch(at)), bitcast<vec4<f32>>(fetch(at + 1)),
    bitcast<vec4<f32>>(fetch(at + 2)), bitcast<vec4<f32>>(fetch(at + 3)));
}

fn weight_scale(m: Matrix, row: u32, chunk: u32) -> f32 { return 1.0; }
