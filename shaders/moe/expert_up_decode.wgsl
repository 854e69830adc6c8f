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
//   grid      ceil(max(INNER, SHARED) / (WORKGROUP / LANES)) × (ACTIVE + 1 with a shared expert) × tokens
//   exact     f32 sums in a fixed order; relative error under 1e-5

#import shared/step
#import shared/chunk
#import shared/silu
#import shared/lanes
#import weights
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
override LANES: u32 = 16;
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

alias LaneSum = vec2<f32>; // gate and up

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = group.x * (WORKGROUP / LANES) + lane / LANES;
  let is_shared = group.y == ACTIVE;
  var expert = EXPERTS;
  if !is_shared { expert = route[2 * (group.z * ACTIVE + group.y)]; }
  if !open_expert(expert) { return; }
  let rows = select(INNER, SHARED, is_shared);
  let up = row + select(UP, SHARED_UP, is_shared);
  let m = expert_matrix(expert, STRIDE, select(SCALES, SHARED_SCALES, is_shared), SCALE_STRIDE);
  var sums = vec2<f32>();
  if row < rows {
    for (var chunk = lane % LANES; chunk < chunks_of(HIDDEN); chunk += LANES) {
      let at = 4 * (group.z * chunks_of(HIDDEN) + chunk);
      let input = mat4x4<f32>(x[at], x[at + 1], x[at + 2], x[at + 3]);
      sums.x += weight_scale(m, row, chunk) * chunk_dot(weight_chunk(m, row, chunk), input);
      sums.y += weight_scale(m, up, chunk) * chunk_dot(weight_chunk(m, up, chunk), input);
    }
  }
  sums = sum_lanes(sums, lane);
  if row < rows && lane % LANES == 0 {
    inner[(group.z * (ACTIVE + 1) + group.y) * I_STRIDE + row] = silu(sums.x) * sums.y;
  }
}
