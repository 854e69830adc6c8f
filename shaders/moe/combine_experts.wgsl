// combine_experts – y += Σ weight * output over a token's chosen experts, plus the shared expert's output
//
//   step     Step                                  uniform
//   output   f32   [tokens * (TOP_K + 1), HIDDEN]  read
//   route    u32   [tokens, TOP_K, 2]              read
//   grouped  u32   [grouped words]                 read
//   y        f32   [tokens, HIDDEN]                read_write
//
//   grid     ceil(HIDDEN / WORKGROUP) × tokens
//   exact    f32 sums in order of choice, the shared expert last; relative error under 1e-5

#import shared/step
#import moe/expert_groups

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> output: array<f32>;
@group(0) @binding(2) var<storage, read> route: array<u32>;
@group(0) @binding(3) var<storage, read> grouped: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

override WORKGROUP: u32 = 64;
override HIDDEN: u32;
override SHARED_INTERMEDIATE: u32 = 0;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) at: vec3<u32>) {
  let column = at.x;
  let token = at.y;
  if column >= HIDDEN { return; }
  let stride = (HIDDEN + 15) / 16 * 16;
  var sum = 0.0;
  for (var j = 0u; j < TOP_K; j++) {
    let weight = bitcast<f32>(route[2 * (token * TOP_K + j) + 1]);
    sum += weight * output[grouped[row_word(token, j)] * stride + column];
  }
  if SHARED_INTERMEDIATE > 0 { sum += output[(step.tokens * TOP_K + token) * stride + column]; }
  y[token * stride + column] += sum;
}
