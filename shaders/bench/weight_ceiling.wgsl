// weight_ceiling – what no product with stored weights can leave out: each weight read, dequantised, multiplied and added, and no more
//
//   step     Step                       uniform
//   x        vec4<f32>  [4]             read
//   weights  vec4<u32>  [OUT, IN]       read
//   sums     f32        [OUT, LANES]    read_write
//
//   grid     ceil(OUT / (WORKGROUP / LANES * EACH))
//   exact    f32 sums in order of chunks; relative error under 1e-5; IN and the columns of a scale multiples of 32; sums are tight
//
// The same 16 inputs serve every chunk, so they stay in registers; sums stay apart by lane. A kernel that also reads its inputs, reduces, and
// stores a result by row is compared with this. The module of `order` says in which order an invocation reads its weights.

#import shared/step
#import shared/fetch
#import shared/rows_1
#import weights
#import shared/pair_products
#import order

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> weights: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;

override WORKGROUP: u32 = 64;
override LANES: u32 = 1; // invocations that share a row
override EACH: u32 = 1;  // rows of an invocation, at most 64
override IN: u32;
override OUT: u32;
override STRIDE: u32;
override SCALES: u32;
override SCALE_STRIDE: u32;

fn input_pair(row: u32, chunk: u32) -> ChunkPair {
  let input = mat4x4<f32>(x[0], x[1], x[2], x[3]);
  return ChunkPair(input, input);
}

// Of a pair of chunks; `over` is what OFFSET makes of it.
fn scaled_products(m: Matrix, row: u32, chunk: u32, input: Inputs, over: f32) -> f32 {
  return weight_scale(m, row, chunk) * (pair_products(m, row, chunk, chunk + 1, input) - over);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let first = (group.x * (WORKGROUP / LANES) + lane / LANES) * EACH;
  let input = inputs(0);
  sum_rows(Matrix(0, STRIDE, SCALES, SCALE_STRIDE), first, min(first + EACH, OUT), lane % LANES, input, excess(input));
}
