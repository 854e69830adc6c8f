// f16_scale – scales inputs by a power of two that brings the largest to 1..2, so that they fit f16
//
// FP8 and F16 weights, and BF16 weights of ordinary size, are exact in f16. Inputs are rounded to 11 bits and
// never overflow.

#enable f16

#import shared/abs_max
#import shared/chunk

// The sum of a chunk's numbers as f16 holds them, so that offsets and codes multiply the same inputs.
fn rounded_sum(chunk: mat4x4<f32>) -> f32 { return chunk_sum(mat4x4<f32>(mat4x4<f16>(chunk))); }

// The power of two below `largest`, clamped so that it and its reciprocal are normal numbers.
fn f16_scale(largest: f32) -> f32 {
  return bitcast<f32>(clamp(bitcast<u32>(largest) & 0x7f800000, 1u << 23, 253u << 23));
}
