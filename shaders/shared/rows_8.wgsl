// rows_8 – sums of 8 input rows that share each load of a weight chunk, in registers without an index
//
// The kernel defines `fn product(w: mat4x4<f32>, chunk: u32, row: u32) -> f32`.

const ROWS: u32 = 8;
alias LaneSum = mat2x4<f32>;

fn row_products(w: mat4x4<f32>, chunk: u32) -> LaneSum {
  return mat2x4<f32>(
    product(w, chunk, 0), product(w, chunk, 1), product(w, chunk, 2), product(w, chunk, 3),
    product(w, chunk, 4), product(w, chunk, 5), product(w, chunk, 6), product(w, chunk, 7));
}

fn row_sum(sums: LaneSum, row: u32) -> f32 { return sums[row / 4][row % 4]; }
