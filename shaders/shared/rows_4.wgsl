// rows_4 – sums of 4 input rows that share each load of weights, in registers without an index
//
// The module of `share` defines `fn input_pair(row: u32, chunk: u32) -> ChunkPair`, a chunk of an input row and the next.

#import shared/chunk

const ROWS: u32 = 4;
alias LaneSum = vec4<f32>;

// A chunk of each row.
struct Input {
  r0: mat4x4<f32>, r1: mat4x4<f32>, r2: mat4x4<f32>, r3: mat4x4<f32>,
}

struct Inputs { first: Input, second: Input }

fn inputs(chunk: u32) -> Inputs {
  let p0 = input_pair(0, chunk);
  let p1 = input_pair(1, chunk);
  let p2 = input_pair(2, chunk);
  let p3 = input_pair(3, chunk);
  return Inputs(
    Input(p0.first, p1.first, p2.first, p3.first),
    Input(p0.second, p1.second, p2.second, p3.second));
}

fn row_products(w: mat4x4<f32>, x: Input) -> LaneSum {
  return vec4<f32>(
    chunk_dot(w, x.r0), chunk_dot(w, x.r1),
    chunk_dot(w, x.r2), chunk_dot(w, x.r3));
}

fn row_sum(sums: LaneSum, row: u32) -> f32 { return sums[row]; }
