// weights/bf16 – weights stored as bfloat16, the upper half of an f32: two vec4s a chunk; no scales

#import shared/matrix
#import shared/chunk_pair

fn widen(low: u32, high: u32) -> vec4<f32> {
  return bitcast<vec4<f32>>(vec4<u32>(low << 16, low & 0xffff0000, high << 16, high & 0xffff0000));
}

fn weight_chunk(m: Matrix, row: u32, chunk: u32) -> mat4x4<f32> {
  let at = m.base + row * m.stride + 2 * chunk;
  let a = fetch(at);
  let b = fetch(at + 1);
  return mat4x4<f32>(widen(a.x, a.y), widen(a.z, a.w), widen(b.x, b.y), widen(b.z, b.w));
}

fn weight_scale(m: Matrix, row: u32, chunk: u32) -> f32 { return 1.0; }
