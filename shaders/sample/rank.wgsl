// sample/rank – maps logits to integers of which the smallest is the best; handles NaN and infinities
//
// WGSL lets a compiler assume that NaN and infinities never occur, so they are recognized by their bits: NaN
// and -inf become the lowest finite number, +inf the largest, -0 becomes 0. rank_of is its own inverse on
// bits.

const LOWEST_BITS: u32 = 0xff7fffffu;

fn finite_bits(value: f32) -> u32 {
  let bits = bitcast<u32>(value);
  if bits == 0x80000000u { return 0u; }
  if (bits & 0x7fffffffu) < 0x7f800000u { return bits; }
  return select(LOWEST_BITS, 0x7f7fffffu, bits == 0x7f800000u);
}

fn rank_of(bits: u32) -> u32 { return select(bits ^ 0x7fffffffu, bits, bits >= 0x80000000u); }

fn logit_of(rank: u32) -> f32 { return bitcast<f32>(rank_of(rank)); }
