// rows_1 – multiplies each loaded weight chunk with one input row
//
// The module of `rowTiling` defines `fn input_chunk_pair(row: u32, chunk: u32) -> ChunkPair`: a chunk of
// input row `row` and the next one.

#import shared/chunk

const ROWS: u32 = 1;
alias RowSums = f32;

alias InputChunk = mat4x4<f32>;
alias InputPair = ChunkPair;

fn load_inputs(chunk: u32) -> InputPair { return input_chunk_pair(0, chunk); }

fn row_dots(w: mat4x4<f32>, x: InputChunk) -> RowSums { return chunk_dot(w, x); }

fn row_sum(sums: RowSums, row: u32) -> f32 { return sums; }
