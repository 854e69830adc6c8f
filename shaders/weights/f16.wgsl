// weights/f16 – weights stored as IEEE half precision: two vec4s a chunk, no scales
//
// Needs no shader-f16. WGSL lets an adapter flush subnormals (below 6.1e-5) to zero here.

#import shared/dequantize_16

fn dequantize(low: u32, high: u32) -> vec4<f32> {
  return vec4<f32>(unpack2x16float(low), unpack2x16float(high));
}
