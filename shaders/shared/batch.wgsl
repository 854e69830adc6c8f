// batch – parameters of a `quantize` dispatch: source and destination rows (48 bytes)
//
// src/kernels/quantize.ts writes it.

#import shared/matrix

struct Batch {
  rows: u32,
  cols: u32,
  first: u32,      // first row of the source
  row: u32,        // first row of the result
  source: Matrix,
  encoded: Matrix, // its scales are counted in words from the start of the buffer
}
