// matvec_ceiling – the least a matrix-vector product can do: read, dequantize and multiply each weight once
//
//   step     Step                     uniform
//   x        vec4<f32>  [4]           read
//   weights  vec4<u32>  [OUT, IN]     read
//   sums     f32        [OUT, LANES]  read_write
//
//   grid     ceil(OUT / (WORKGROUP / LANES * ROWS_PER_INVOCATION))
//   exact    f32 sums in order of chunks; relative error under 1e-5
//   limits   IN and the columns of a scale are multiples of 32; rows of sums are not padded
//
// The same 16 inputs serve every chunk, so they stay in registers, and sums are not reduced over lanes.
// Kernels that do read inputs, reduce and store a result per row are compared with this one. The module of
// `loopOrder` defines the order in which an invocation reads its weights.

#import shared/step
#import shared/weight_buffer
#import shared/rows_1
#import weights
#import shared/chunk_pair_dots
#import loopOrder

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> weights: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;

override WORKGROUP: u32 = 64;
override LANES: u32 = 1;               // invocations per row
override ROWS_PER_INVOCATION: u32 = 1; // at most 64
override IN: u32;
override OUT: u32;
override STRIDE: u32;
override SCALES: u32;
override SCALE_STRIDE: u32;

fn input_chunk_pair(row: u32, chunk: u32) -> ChunkPair {
  let input = mat4x4<f32>(x[0], x[1], x[2], x[3]);
  return ChunkPair(input, input);
}

fn pair_dots(m: Matrix, row: u32, chunk: u32, input: InputPair, correction: f32) -> f32 {
  return scaled_dots(
    weight_affine(m, row, chunk), chunk_pair_dots(m, row, chunk, chunk + 1, input), correction);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let first = (group.x * (WORKGROUP / LANES) + lane / LANES) * ROWS_PER_INVOCATION;
  let input = load_inputs(0);
  sum_rows(
    Matrix(0, STRIDE, SCALES, SCALE_STRIDE), first, min(first + ROWS_PER_INVOCATION, OUT), lane % LANES,
    input, pair_correction(input));
}
