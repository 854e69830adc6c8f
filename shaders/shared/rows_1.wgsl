// rows_1 – sums of one input row that share each load of weights, in registers without an index
//
// The module of `share` defines `fn input_pair(row: u32, chunk: u32) -> ChunkPair`, a chunk of an input row and the next.

#import shared/chunk

const ROWS: u32 = 1;
alias LaneSum = f32;

alias Input = mat4x4<f32>; // a chunk of each row
alias Inputs = ChunkPair;

fn inputs(chunk: u32) -> Inputs { return input_pair(0, chunk); }

fn row_products(w: mat4x4<f32>, x: Input) -> LaneSum { return chunk_dot(w, x); }

fn row_sum(sums: LaneSum, row: u32) -> f32 { return sums; }
