// rows_2 – multiplies each loaded weight chunk with 2 input rows, held in registers that are never indexed
//
// The module of `rowTiling` defines `fn input_chunk_pair(row: u32, chunk: u32) -> ChunkPair`: a chunk of
// input row `row` and the next one.

#import shared/chunk

const ROWS: u32 = 2;
alias RowSums = vec2<f32>;

// A chunk of each row.
struct InputChunk {
  r0: mat4x4<f32>, r1: mat4x4<f32>,
}

struct InputPair { first: InputChunk, second: InputChunk }

fn load_inputs(chunk: u32) -> InputPair {
  let p0 = input_chunk_pair(0, chunk);
  let p1 = input_chunk_pair(1, chunk);
  return InputPair(
    InputChunk(p0.first, p1.first),
    InputChunk(p0.second, p1.second));
}

fn row_dots(w: mat4x4<f32>, x: InputChunk) -> RowSums {
  return vec2<f32>(
    chunk_dot(w, x.r0), chunk_dot(w, x.r1));
}

fn row_sum(sums: RowSums, row: u32) -> f32 { return sums[row]; }
