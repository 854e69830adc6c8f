// experts – where an expert's matrix lies: the page table `slots` holds its bank and its first vec4 there
//
// Entry EXPERTS is the shared expert. A dispatch has the banks FIRST_BANK .. FIRST_BANK + BANKS and skips experts of others.

#import banks

override FIRST_BANK: u32 = 0;

// Turns to the buffer of an expert; false if another dispatch has it.
fn open_expert(expert: u32) -> bool {
  let place = slots[2 * expert] - FIRST_BANK; // wraps below FIRST_BANK, which makes it too large
  bank = place;
  return place < BANKS;
}

// scales: of this matrix, in words from its base.
fn expert_matrix(expert: u32, stride: u32, scales: u32, scale_stride: u32) -> Matrix {
  let base = slots[2 * expert + 1];
  return Matrix(base, stride, 4 * base + scales, scale_stride);
}
