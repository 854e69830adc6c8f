// expert_up_decode – inner = silu(gate x) * (up x) for a token's chosen experts and the shared expert
//
//   step      Step                                                 uniform
//   x         vec4<f32>  [tokens, HIDDEN]                          read
//   route     u32        [tokens, TOP_K, 2]                        read
//   slots     u32        [EXPERTS + 1, 2]                          read
//   inner     f32        [tokens, TOP_K + 1, INTERMEDIATE_STRIDE]  read_write
//   weights0  vec4<u32>  [bank]                                    read
//   weights1  vec4<u32>  [bank]                                    read
//   weights2  vec4<u32>  [bank]                                    read
//   weights3  vec4<u32>  [bank]                                    read
//
//   grid      (TOP_K + ceil(SHARED_INTERMEDIATE / INTERMEDIATE))
//             × ceil(INTERMEDIATE / (WORKGROUP / LANES * ROWS_PER_INVOCATION / 2)) × tokens
//   exact     f32 sums in a fixed order; relative error under 1e-5
//
// A wide shared expert is split into pieces as wide as the other experts. Experts are the grid's first
// dimension: a software adapter gives each CPU thread a run of consecutive workgroups, and so each thread has
// a part of every expert.

const ROWS_PER_OUTPUT: u32 = 2; // a row of gate and its row of up

#import shared/step
#import shared/silu
#import shared/rows_1
#import shared/prologue_plain
#import shared/matvec_rows
#import moe/expert_slots

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
override TOP_K: u32;
override INTERMEDIATE: u32;
override SHARED_INTERMEDIATE: u32 = 0; // intermediate size of the shared expert; 0 = none
override UP: u32;                      // row where up begins; gate begins at 0
override SHARED_UP: u32 = 0;
override INTERMEDIATE_STRIDE: u32;     // floats
override STRIDE: u32;
override SCALES: u32;                  // words from an expert's base
override SCALE_STRIDE: u32;
override SHARED_SCALES: u32 = 0;

var<private> row_up: u32;  // first row of up in this expert
var<private> row_end: u32; // end of the gate rows, or of the piece
var<private> input_at: u32;

// The first half of an invocation's rows are gate's from `first` on, the second half the same rows of up.
fn row_at(first: u32, i: u32) -> u32 {
  let half = ROWS_PER_INVOCATION / ROWS_PER_OUTPUT;
  return min(first + i % half, row_end - 1) + i / half * row_up;
}

fn input_quad(row: u32, quad: u32) -> vec4<f32> { return x[input_at + quad]; }

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let entry = min(group.x, TOP_K);
  let is_shared = entry == TOP_K;
  let piece = (group.x - entry) * INTERMEDIATE; // first row of the piece
  let end = select(INTERMEDIATE, min(piece + INTERMEDIATE, SHARED_INTERMEDIATE), is_shared);
  let first_of_group = piece + group.y * (WORKGROUP / LANES) * (ROWS_PER_INVOCATION / ROWS_PER_OUTPUT);
  if first_of_group >= end { return; }
  let first = first_of_group + lane / LANES * (ROWS_PER_INVOCATION / ROWS_PER_OUTPUT);
  var expert = EXPERTS;
  if !is_shared { expert = route[2 * (group.z * TOP_K + entry)]; }
  if !select_bank(expert) { return; }
  row_end = end;
  row_up = select(UP, SHARED_UP, is_shared);
  input_at = group.z * 4 * chunks_of(HIDDEN);
  let m = expert_matrix(expert, STRIDE, select(SCALES, SHARED_SCALES, is_shared), SCALE_STRIDE);
  matvec_rows(m, first, chunks_of(HIDDEN), 1.0, lane);
  let into = (group.z * (TOP_K + 1) + entry) * INTERMEDIATE_STRIDE;
  for (var i = 0u; i < rows_per_invocation() / ROWS_PER_OUTPUT; i++) {
    let gate = sum_over_lanes(sums[i], lane);
    let up = sum_over_lanes(sums[i + ROWS_PER_INVOCATION / ROWS_PER_OUTPUT], lane);
    if lane % LANES == i % LANES && first + i < row_end { inner[into + first + i] = silu(gate) * up; }
  }
}
