// rows_1 – sums of one input row that share each load of a weight chunk, in registers without an index
//
// The kernel defines `fn input_chunk(row: u32, chunk: u32) -> mat4x4<f32>`.

const ROWS: u32 = 1;
alias LaneSum = f32;

alias Inputs = mat4x4<f32>;

fn inputs(chunk: u32) -> Inputs { return input_chunk(0, chunk); }

fn row_products(w: mat4x4<f32>, x: Inputs) -> LaneSum { return chunk_dot(w, x); }

fn row_squares(x: Inputs, mask: mat4x4<f32>) -> LaneSum { return chunk_dot(x, chunk_times(x, mask)); }

fn weighted(x: Inputs, w: mat4x4<f32>) -> Inputs { return chunk_times(x, w); }

fn row_sum(sums: LaneSum, row: u32) -> f32 { return sums; }
