// rows_2 – sums of 2 input rows that share each load of a weight chunk, in registers without an index
//
// The kernel defines `fn product(w: mat4x4<f32>, chunk: u32, row: u32) -> f32`.

const ROWS: u32 = 2;
alias LaneSum = vec2<f32>;

fn row_products(w: mat4x4<f32>, chunk: u32) -> LaneSum {
  return vec2<f32>(product(w, chunk, 0), product(w, chunk, 1));
}

fn row_sum(sums: LaneSum, row: u32) -> f32 { return sums[row]; }
