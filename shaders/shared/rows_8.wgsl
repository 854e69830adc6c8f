// rows_8 – multiplies each loaded weight chunk with 8 input rows, held in registers that are never indexed
//
// The module of `rowTiling` defines `fn input_chunk_pair(row: u32, chunk: u32) -> ChunkPair`: a chunk of
// input row `row` and the next one.

#import shared/chunk

const ROWS: u32 = 8;
alias RowSums = mat2x4<f32>;

// A chunk of each row.
struct InputChunk {
  r0: mat4x4<f32>, r1: mat4x4<f32>, r2: mat4x4<f32>, r3: mat4x4<f32>,
  r4: mat4x4<f32>, r5: mat4x4<f32>, r6: mat4x4<f32>, r7: mat4x4<f32>,
}

struct InputPair { first: InputChunk, second: InputChunk }

fn load_inputs(chunk: u32) -> InputPair {
  let p0 = input_chunk_pair(0, chunk);
  let p1 = input_chunk_pair(1, chunk);
  let p2 = input_chunk_pair(2, chunk);
  let p3 = input_chunk_pair(3, chunk);
  let p4 = input_chunk_pair(4, chunk);
  let p5 = input_chunk_pair(5, chunk);
  let p6 = input_chunk_pair(6, chunk);
  let p7 = input_chunk_pair(7, chunk);
  return InputPair(
    InputChunk(p0.first, p1.first, p2.first, p3.first, p4.first, p5.first, p6.first, p7.first),
    InputChunk(p0.second, p1.second, p2.second, p3.second, p4.second, p5.second, p6.second, p7.second));
}

fn row_dots(w: mat4x4<f32>, x: InputChunk) -> RowSums {
  return mat2x4<f32>(
    chunk_dot(w, x.r0), chunk_dot(w, x.r1),
    chunk_dot(w, x.r2), chunk_dot(w, x.r3),
    chunk_dot(w, x.r4), chunk_dot(w, x.r5),
    chunk_dot(w, x.r6), chunk_dot(w, x.r7));
}

fn row_sum(sums: RowSums, row: u32) -> f32 { return sums[row / 4][row % 4]; }
