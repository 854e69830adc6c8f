// weights/f16 – weights stored as IEEE half precision: two vec4s a chunk; no scales
//
// Needs no shader-f16. WGSL lets an adapter flush subnormals (below 6.1e-5) to zero here.

#import shared/matrix
#import shared/chunk_pair

fn widen(low: u32, high: u32) -> vec4<f32> { return vec4<f32>(unpack2x16float(low), unpack2x16float(high)); }

fn weight_chunk(m: Matrix, row: u32, chunk: u32) -> mat4x4<f32> {
  let at = m.base + row * m.stride + 2 * chunk;
  let a = fetch(at);
  let b = fetch(at + 1);
  return mat4x4<f32>(widen(a.x, a.y), widen(a.z, a.w), widen(b.x, b.y), widen(b.z, b.w));
}

fn weight_scale(m: Matrix, row: u32, chunk: u32) -> f32 { return 1.0; }
