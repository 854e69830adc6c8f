// rms_norm_pair – y = [ RMSNorm(first) | RMSNorm(second) ], the input of a draft layer's eh_proj
//
//   step           Step                     uniform
//   first          f32  [tokens, HIDDEN]    read
//   first_weight   f32  [HIDDEN]            read
//   second         f32  [tokens, HIDDEN]    read
//   second_weight  f32  [HIDDEN]            read
//   y              f32  [tokens, 2*HIDDEN]  read_write
//
//   grid           2 × tokens: a workgroup for each half of a row
//   exact          f32 sum of squares; relative error under 1e-5

#import shared/step
#import shared/chunk
#import reduce

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> first: array<f32>;
@group(0) @binding(2) var<storage, read> first_weight: array<f32>;
@group(0) @binding(3) var<storage, read> second: array<f32>;
@group(0) @binding(4) var<storage, read> second_weight: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

override WORKGROUP: u32 = 64;
override HIDDEN: u32;
override EPSILON: f32;

fn input(half: u32, at: u32) -> f32 {
  if half == 0 { return first[at]; }
  return second[at];
}

fn weight(half: u32, column: u32) -> f32 {
  if half == 0 { return first_weight[column]; }
  return second_weight[column];
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let source = group.y * 16 * chunks_of(HIDDEN);
  let into = group.y * 16 * chunks_of(2 * HIDDEN) + group.x * HIDDEN;
  var squares = 0.0;
  for (var i = lane; i < HIDDEN; i += WORKGROUP) {
    let value = input(group.x, source + i);
    squares += value * value;
  }
  let scale = inverseSqrt(workgroup_sum(squares, lane) / f32(HIDDEN) + EPSILON);
  for (var i = lane; i < HIDDEN; i += WORKGROUP) {
    y[into + i] = input(group.x, source + i) * scale * weight(group.x, i);
  }
}
