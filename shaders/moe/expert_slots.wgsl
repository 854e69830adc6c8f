// expert_slots – finds an expert's matrix through the page table `slots`: its bank and its first vec4 there
//
// Entry EXPERTS is the shared expert. A dispatch binds the banks FIRST_BANK .. FIRST_BANK + BANKS and skips
// experts in other banks.

#import banks

override FIRST_BANK: u32 = 0;

// Selects the bank of an expert; false if this dispatch does not bind it.
fn select_bank(expert: u32) -> bool {
  let index = slots[2 * expert] - FIRST_BANK; // below FIRST_BANK it wraps and becomes too large
  bank = index;
  return index < BANKS;
}

// `scales`: where the scales begin, in words from the start of the matrix.
fn expert_matrix(expert: u32, stride: u32, scales: u32, scale_stride: u32) -> Matrix {
  let base = slots[2 * expert + 1];
  return Matrix(base, stride, 4 * base + scales, scale_stride);
}
