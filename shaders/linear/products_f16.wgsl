// products_f16 – a tile's numbers kept as f16, which halves the traffic of workgroup memory; multiplied and summed in f32
//
// FP8, BF16 of ordinary size and F16 weights are exact in f16. Inputs are rounded to 11 bits, after a division by a power of two
// that brings their chunk's largest to 1..2: no input overflows, however large.

#enable f16

#import linear/tile

alias Product = f16;

fn chunk_scale(chunk: mat4x4<f32>) -> f32 {
  let four = max(max(abs(chunk[0]), abs(chunk[1])), max(abs(chunk[2]), abs(chunk[3])));
  let largest = max(max(four.x, four.y), max(four.z, four.w));
  // The exponent alone, kept where both it and its reciprocal are normal numbers.
  return bitcast<f32>(clamp(bitcast<u32>(largest) & 0x7f800000, 1u << 23, 253u << 23));
}

fn products(inputs: mat4x4<Product>, weights: mat4x4<Product>) -> mat4x4<f32> {
  return transpose(mat4x4<f32>(weights)) * mat4x4<f32>(inputs);
}
