// rows_1 – sums of one input row that share each load of a weight chunk, in registers without an index
//
// The kernel defines `fn product(w: mat4x4<f32>, chunk: u32, row: u32) -> f32`.

const ROWS: u32 = 1;
alias LaneSum = f32;

fn row_products(w: mat4x4<f32>, chunk: u32) -> LaneSum {
  return product(w, chunk, 0);
}

fn row_sum(sums: LaneSum, row: u32) -> f32 { return sums; }
