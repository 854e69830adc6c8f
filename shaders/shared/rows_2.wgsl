// rows_2 – sums of 2 input rows that share each load of a weight chunk, in registers without an index
//
// The kernel defines `fn input_chunk(row: u32, chunk: u32) -> mat4x4<f32>`.

const ROWS: u32 = 2;
alias LaneSum = vec2<f32>;

struct Inputs {
  r0: mat4x4<f32>, r1: mat4x4<f32>,
}

fn inputs(chunk: u32) -> Inputs {
  return Inputs(
    input_chunk(0, chunk), input_chunk(1, chunk));
}

fn row_products(w: mat4x4<f32>, x: Inputs) -> LaneSum {
  return vec2<f32>(
    chunk_dot(w, x.r0), chunk_dot(w, x.r1));
}

fn row_squares(x: Inputs, mask: mat4x4<f32>) -> LaneSum {
  return vec2<f32>(
    chunk_dot(x.r0, chunk_times(x.r0, mask)), chunk_dot(x.r1, chunk_times(x.r1, mask)));
}

fn weighted(x: Inputs, w: mat4x4<f32>) -> Inputs {
  return Inputs(
    chunk_times(x.r0, w), chunk_times(x.r1, w));
}

fn row_sum(sums: LaneSum, row: u32) -> f32 { return sums[row]; }
