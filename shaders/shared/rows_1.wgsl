// rows_1 – sums of one input row that share each load of weights, in registers without an index
//
// The module of `share` defines `fn input_pair(row: u32, chunk: u32) -> InputPair`, a chunk of an input row and the next.

const ROWS: u32 = 1;
alias LaneSum = f32;

struct InputPair { first: mat4x4<f32>, second: mat4x4<f32> }

alias Input = mat4x4<f32>; // a chunk of each row
alias Inputs = InputPair;

fn inputs(chunk: u32) -> Inputs { return input_pair(0, chunk); }

fn row_products(w: mat4x4<f32>, x: Input) -> LaneSum { return chunk_dot(w, x); }

fn row_sum(sums: LaneSum, row: u32) -> f32 { return sums; }
