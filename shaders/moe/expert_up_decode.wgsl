// expert_up_decode – inner = silu(gate x) * (up x) for each chosen expert of each token, and for the shared expert
//
//   step      Step                                      uniform
//   x         vec4<f32>  [tokens, HIDDEN]               read
//   route     u32        [tokens, ACTIVE, 2]            read
//   slots     u32        [EXPERTS + 1, 2]               read
//   inner     f32        [tokens, ACTIVE + 1, I_STRIDE] read_write
//   weights0  vec4<u32>  [bank]                         read
//   weights1  vec4<u32>  [bank]                         read
//   weights2  vec4<u32>  [bank]                         read
//   weights3  vec4<u32>  [bank]                         read
//
//   grid      (ACTIVE + ceil(SHARED / INNER)) × ceil(INNER / (WORKGROUP / LANES * EACH / 2)) × tokens
//   exact     f32 sums in a fixed order; relative error under 1e-5
//
// A wide shared expert goes in pieces as wide as the others, and experts are the first dimension: a CPU gives each of its threads a run of workgroups,
// and each run has its part of every expert.

const TOGETHER: u32 = 2; // a row of gate and its row of up

#import shared/step
#import shared/silu
#import shared/rows_1
#import shared/taken_plain
#import shared/walk
#import moe/experts

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> route: array<u32>;
@group(0) @binding(3) var<storage, read> slots: array<u32>;
@group(0) @binding(4) var<storage, read_write> inner: array<f32>;
@group(0) @binding(5) var<storage, read> weights0: array<vec4<u32>>;
@group(0) @binding(6) var<storage, read> weights1: array<vec4<u32>>;
@group(0) @binding(7) var<storage, read> weights2: array<vec4<u32>>;
@group(0) @binding(8) var<storage, read> weights3: array<vec4<u32>>;

override WORKGROUP: u32 = 64;
override HIDDEN: u32;
override EXPERTS: u32;
override ACTIVE: u32;
override INNER: u32;
override SHARED: u32 = 0;    // the shared expert's inner width; 0 = none
override UP: u32;            // row where up begins; gate begins at 0
override SHARED_UP: u32 = 0;
override I_STRIDE: u32;      // floats
override STRIDE: u32;
override SCALES: u32;        // words from an expert's base
override SCALE_STRIDE: u32;
override SHARED_SCALES: u32 = 0;

var<private> row_up: u32;  // where up begins in this expert
var<private> row_end: u32; // of gate, or of the piece
var<private> input_at: u32;

// Of an invocation's rows, the first half are gate's from `first` on, the others those of up.
fn row_at(first: u32, i: u32) -> u32 {
  let half = EACH / TOGETHER;
  return min(first + i % half, row_end - 1) + i / half * row_up;
}

fn input_quad(row: u32, quad: u32) -> vec4<f32> { return x[input_at + quad]; }

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let entry = min(group.x, ACTIVE);
  let is_shared = entry == ACTIVE;
  let piece = (group.x - entry) * INNER; // where it begins
  let end = select(INNER, min(piece + INNER, SHARED), is_shared);
  let first_of_group = piece + group.y * (WORKGROUP / LANES) * (EACH / TOGETHER);
  if first_of_group >= end { return; }
  let first = first_of_group + lane / LANES * (EACH / TOGETHER);
  var expert = EXPERTS;
  if !is_shared { expert = route[2 * (group.z * ACTIVE + entry)]; }
  if !open_expert(expert) { return; }
  row_end = end;
  row_up = select(UP, SHARED_UP, is_shared);
  input_at = group.z * 4 * chunks_of(HIDDEN);
  let m = expert_matrix(expert, STRIDE, select(SCALES, SHARED_SCALES, is_shared), SCALE_STRIDE);
  walk(m, first, chunks_of(HIDDEN), 1.0, lane);
  let into = (group.z * (ACTIVE + 1) + entry) * I_STRIDE;
  for (var i = 0u; i < each() / TOGETHER; i++) {
    let gate = shared_sum(sums[i], lane);
    let up = shared_sum(sums[i + EACH / TOGETHER], lane);
    if lane % LANES == i % LANES && first + i < row_end { inner[into + first + i] = silu(gate) * up; }
  }
}
