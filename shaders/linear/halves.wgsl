// halves – inputs that are kept as f16, after a division by a power of two that brings the largest of them to 1..2
//
// FP8, BF16 of ordinary size and F16 weights are exact in f16. Inputs are rounded to 11 bits, and none overflows, however large.

#enable f16

#import shared/largest

// The exponent alone, kept where both it and its reciprocal are normal numbers.
fn half_scale(largest: f32) -> f32 { return bitcast<f32>(clamp(bitcast<u32>(largest) & 0x7f800000, 1u << 23, 253u << 23)); }
