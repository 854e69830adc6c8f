// route_logits – the router's matrix product with its RMSNorm: normed = x / rms(x) * norm, logits = W normed
//
//   step     Step                          uniform
//   x        vec4<f32>  [tokens, HIDDEN]   read
//   norm     vec4<f32>  [HIDDEN]           read
//   weights  vec4<u32>  [EXPERTS, HIDDEN]  read
//   normed   vec4<f32>  [tokens, HIDDEN]   read_write
//   logits   f32        [tokens, EXPERTS]  read_write
//
//   grid     ceil(EXPERTS / PER_GROUP) × tokens; each workgroup sums the squares and writes a part of normed
//   exact    f32 sums in a fixed order; relative error under 1e-5

#import shared/step
#import shared/weight_buffer
#import shared/chunk
#import weights
#import reduce

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> norm: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weights: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read_write> normed: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> logits: array<f32>;

override WORKGROUP: u32 = 64;
override PER_GROUP: u32 = 4; // experts per workgroup
override HIDDEN: u32;
override EPSILON: f32;
override EXPERTS: u32;
override STRIDE: u32;
override SCALES: u32;
override SCALE_STRIDE: u32;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let width = 4 * chunks_of(HIDDEN);
  let row = group.y * width;
  var squares = 0.0;
  for (var i = lane; i < width; i += WORKGROUP) { squares += dot(x[row + i], x[row + i]); }
  let scale = inverseSqrt(workgroup_sum(squares, lane) / f32(HIDDEN) + EPSILON);

  let groups = (EXPERTS + PER_GROUP - 1) / PER_GROUP;
  for (var i = group.x * WORKGROUP + lane; i < width; i += groups * WORKGROUP) {
    normed[row + i] = x[row + i] * scale * norm[i];
  }

  let m = Matrix(0, STRIDE, SCALES, SCALE_STRIDE);
  let first = group.x * PER_GROUP;
  for (var expert = first; expert < min(first + PER_GROUP, EXPERTS); expert++) {
    var sum = 0.0;
    for (var chunk = lane; chunk < chunks_of(HIDDEN); chunk += WORKGROUP) {
      let i = 4 * chunk;
      let at = row + i;
      let input = mat4x4<f32>(
        x[at] * norm[i], x[at + 1] * norm[i + 1], x[at + 2] * norm[i + 2], x[at + 3] * norm[i + 3]);
      sum += dequantized_dot(m, expert, chunk, input);
    }
    sum = workgroup_sum(sum, lane);
    if lane == 0 { logits[group.y * (chunks_of(EXPERTS) * 16) + expert] = scale * sum; }
  }
}
