// rms_norm – y = x / rms(x) * weight * FACTOR, one row at a time
//
//   step    Step                           uniform
//   x       vec4<f32>  [tokens, X_STRIDE]  read
//   weight  vec4<f32>  [HIDDEN]            read
//   y       vec4<f32>  [tokens, HIDDEN]    read_write
//
//   grid    one workgroup per row; with LAST, one workgroup: the step's last row becomes row 0 of y
//   exact   f32 sum of squares; relative error under 1e-5

#import shared/step
#import shared/chunk
#import reduce

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;

override WORKGROUP: u32 = 64;
override HIDDEN: u32;
override X_STRIDE: u32; // floats; columns from HIDDEN on are not read
override EPSILON: f32;
override FACTOR: f32 = 1;
override LAST: bool = false;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let width = 4 * chunks_of(HIDDEN);
  let source = select(group.x, step.tokens - 1, LAST) * (X_STRIDE / 4);
  let into = group.x * width;
  var squares = 0.0;
  for (var i = lane; i < width; i += WORKGROUP) {
    let quad = ones_before(4 * i, HIDDEN) * x[source + i];
    squares += dot(quad, quad);
  }
  let scale = FACTOR * inverseSqrt(workgroup_sum(squares, lane) / f32(HIDDEN) + EPSILON);
  for (var i = lane; i < width; i += WORKGROUP) { y[into + i] = x[source + i] * scale * weight[i]; }
}
