// rows_8 – sums of 8 input rows that share each load of a weight chunk, in registers without an index
//
// The kernel defines `fn input_chunk(row: u32, chunk: u32) -> mat4x4<f32>`.

const ROWS: u32 = 8;
alias LaneSum = mat2x4<f32>;

struct Inputs {
  r0: mat4x4<f32>, r1: mat4x4<f32>, r2: mat4x4<f32>, r3: mat4x4<f32>,
  r4: mat4x4<f32>, r5: mat4x4<f32>, r6: mat4x4<f32>, r7: mat4x4<f32>,
}

fn inputs(chunk: u32) -> Inputs {
  return Inputs(
    input_chunk(0, chunk), input_chunk(1, chunk), input_chunk(2, chunk), input_chunk(3, chunk),
    input_chunk(4, chunk), input_chunk(5, chunk), input_chunk(6, chunk), input_chunk(7, chunk));
}

fn row_products(w: mat4x4<f32>, x: Inputs) -> LaneSum {
  return mat2x4<f32>(
    chunk_dot(w, x.r0), chunk_dot(w, x.r1), chunk_dot(w, x.r2), chunk_dot(w, x.r3),
    chunk_dot(w, x.r4), chunk_dot(w, x.r5), chunk_dot(w, x.r6), chunk_dot(w, x.r7));
}

fn row_squares(x: Inputs, mask: mat4x4<f32>) -> LaneSum {
  return mat2x4<f32>(
    chunk_dot(x.r0, chunk_times(x.r0, mask)), chunk_dot(x.r1, chunk_times(x.r1, mask)),
    chunk_dot(x.r2, chunk_times(x.r2, mask)), chunk_dot(x.r3, chunk_times(x.r3, mask)),
    chunk_dot(x.r4, chunk_times(x.r4, mask)), chunk_dot(x.r5, chunk_times(x.r5, mask)),
    chunk_dot(x.r6, chunk_times(x.r6, mask)), chunk_dot(x.r7, chunk_times(x.r7, mask)));
}

fn weighted(x: Inputs, w: mat4x4<f32>) -> Inputs {
  return Inputs(
    chunk_times(x.r0, w), chunk_times(x.r1, w), chunk_times(x.r2, w), chunk_times(x.r3, w),
    chunk_times(x.r4, w), chunk_times(x.r5, w), chunk_times(x.r6, w), chunk_times(x.r7, w));
}

fn row_sum(sums: LaneSum, row: u32) -> f32 { return sums[row / 4][row % 4]; }
