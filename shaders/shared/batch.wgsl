// batch – which rows `quantize` takes from where to where (48 bytes; src/kernels/quantize.ts writes them)

#import shared/matrix

struct Batch {
  rows: u32,
  cols: u32,
  first: u32,      // row of the source
  row: u32,        // row of the result
  source: Matrix,
  encoded: Matrix, // scales: words from the start of the buffer
}
