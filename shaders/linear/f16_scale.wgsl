// f16_scale – scales inputs by a power of two that brings the largest to 1..2, so that they fit f16
//
// FP8 and F16 weights, and BF16 weights of ordinary size, are exact in f16. Inputs are rounded to 11 bits and
// never overflow.

#enable f16

#import shared/abs_max
#import shared/chunk

// A chunk of numbers below 4, rounded to the 11 bits of f16. Compilers drop a conversion to f16 and back; the
// sum that offsets multiply would then be that of other inputs than those that codes multiply.
fn rounded_chunk(chunk: mat4x4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(rounded(chunk[0]), rounded(chunk[1]), rounded(chunk[2]), rounded(chunk[3]));
}

fn rounded(numbers: vec4<f32>) -> vec4<f32> {
  return bitcast<vec4<f32>>((bitcast<vec4<u32>>(numbers) + vec4<u32>(0x1000)) & vec4<u32>(0xffffe000));
}

// The power of two below `largest`, clamped so that it and its reciprocal are normal numbers.
fn f16_scale(largest: f32) -> f32 {
  return bitcast<f32>(clamp(bitcast<u32>(largest) & 0x7f800000, 1u << 23, 253u << 23));
}
