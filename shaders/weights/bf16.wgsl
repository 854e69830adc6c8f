// weights/bf16 – weights stored as bfloat16, the upper half of an f32: two vec4s a chunk, no scales

#import shared/dequantize_16

fn dequantize(low: u32, high: u32) -> vec4<f32> {
  return bitcast<vec4<f32>>(vec4<u32>(low << 16, low & 0xffff0000, high << 16, high & 0xffff0000));
}
