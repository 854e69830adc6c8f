// expert_down_decode – y += Σ weight * (down inner) over a token's chosen experts, plus the shared expert's
//
//   step      Step                                                 uniform
//   inner     vec4<f32>  [tokens, TOP_K + 1, INTERMEDIATE_STRIDE]  read
//   route     u32        [tokens, TOP_K, 2]                        read
//   slots     u32        [EXPERTS + 1, 2]                          read
//   y         f32        [tokens, HIDDEN]                          read_write
//   weights0  vec4<u32>  [bank]                                    read
//   weights1  vec4<u32>  [bank]                                    read
//   weights2  vec4<u32>  [bank]                                    read
//   weights3  vec4<u32>  [bank]                                    read
//
//   grid      ceil(HIDDEN / (WORKGROUP / LANES * ROWS_PER_INVOCATION)) × tokens
//   exact     f32 sums in a fixed order: experts in order of choice, then lanes; relative error under 1e-5

const ROWS_PER_OUTPUT: u32 = 1;

#import shared/step
#import shared/rows_1
#import shared/prologue_plain
#import shared/matvec_rows
#import moe/expert_slots

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> inner: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> route: array<u32>;
@group(0) @binding(3) var<storage, read> slots: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read> weights0: array<vec4<u32>>;
@group(0) @binding(6) var<storage, read> weights1: array<vec4<u32>>;
@group(0) @binding(7) var<storage, read> weights2: array<vec4<u32>>;
@group(0) @binding(8) var<storage, read> weights3: array<vec4<u32>>;

override WORKGROUP: u32 = 64;
override HIDDEN: u32;
override EXPERTS: u32;
override TOP_K: u32;
override INTERMEDIATE: u32;
override SHARED_INTERMEDIATE: u32 = 0; // intermediate size of the shared expert; 0 = none
override INTERMEDIATE_STRIDE: u32;     // floats
override STRIDE: u32;
override SCALES: u32;                  // words from an expert's base
override SCALE_STRIDE: u32;
override SHARED_STRIDE: u32 = 0;
override SHARED_SCALES: u32 = 0;
override SHARED_SCALE_STRIDE: u32 = 0;

var<private> input_at: u32; // where the expert's input row begins, in vec4s

fn row_at(first: u32, i: u32) -> u32 { return min(first + i, HIDDEN - 1); }

fn input_quad(row: u32, quad: u32) -> vec4<f32> { return inner[input_at + quad]; }

// Adds the weighted output of the token's j-th expert.
fn add_expert(first: u32, token: u32, j: u32, lane: u32) {
  let is_shared = j == TOP_K;
  var expert = EXPERTS;
  var weight = 1.0;
  if !is_shared {
    expert = route[2 * (token * TOP_K + j)];
    weight = bitcast<f32>(route[2 * (token * TOP_K + j) + 1]);
  }
  if !select_bank(expert) { return; }
  let m = expert_matrix(expert, select(STRIDE, SHARED_STRIDE, is_shared),
    select(SCALES, SHARED_SCALES, is_shared), select(SCALE_STRIDE, SHARED_SCALE_STRIDE, is_shared));
  input_at = (token * (TOP_K + 1) + j) * (INTERMEDIATE_STRIDE / 4);
  matvec_rows(m, first, chunks_of(select(INTERMEDIATE, SHARED_INTERMEDIATE, is_shared)), weight, lane);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let first = (group.x * (WORKGROUP / LANES) + lane / LANES) * ROWS_PER_INVOCATION;
  let token = group.y;
  for (var j = 0u; j < TOP_K + u32(SHARED_INTERMEDIATE > 0); j++) { add_expert(first, token, j, lane); }
  for (var i = 0u; i < rows_per_invocation(); i++) {
    let sum = sum_over_lanes(sums[i], lane);
    if lane % LANES == i % LANES && first + i < HIDDEN {
      y[token * (16 * chunks_of(HIDDEN)) + first + i] += sum;
    }
  }
}
