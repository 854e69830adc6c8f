// expert_up_prefill – inner = silu(gate x) * (up x) for tiles of rows that chose the same expert
//
//   step      Step                                        uniform
//   x         vec4<f32>  [tokens, HIDDEN]                 read
//   grouped   u32        [grouped words]                  read
//   slots     u32        [EXPERTS + 1, 2]                 read
//   inner     f32        [tokens * (ACTIVE + 1), I_STRIDE] read_write
//   weights0  vec4<u32>  [bank]                           read
//   weights1  vec4<u32>  [bank]                           read
//   weights2  vec4<u32>  [bank]                           read
//   weights3  vec4<u32>  [bank]                           read
//
//   grid      ceil(max(INNER, SHARED) / 32) × TILES; workgroups of 64; inner's rows are grouped rows
//   exact     f32 sums; products_f16 rounds x to 11 bits

#import shared/step
#import shared/chunk
#import shared/silu
#import weights
#import moe/experts
#import moe/grouped
#import linear/tile

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> grouped: array<u32>;
@group(0) @binding(3) var<storage, read> slots: array<u32>;
@group(0) @binding(4) var<storage, read_write> inner: array<f32>;
@group(0) @binding(5) var<storage, read> weights0: array<vec4<u32>>;
@group(0) @binding(6) var<storage, read> weights1: array<vec4<u32>>;
@group(0) @binding(7) var<storage, read> weights2: array<vec4<u32>>;
@group(0) @binding(8) var<storage, read> weights3: array<vec4<u32>>;

override WORKGROUP: u32 = 64;
override HIDDEN: u32;
override EXPERTS: u32;
override INNER: u32;
override SHARED: u32 = 0;    // the shared expert's inner width; 0 = none
override UP: u32;            // row where up begins; gate begins at 0
override SHARED_UP: u32 = 0;
override I_STRIDE: u32;      // floats
override STRIDE: u32;
override SCALES: u32;        // words from an expert's base
override SCALE_STRIDE: u32;
override SHARED_SCALES: u32 = 0;

var<private> tile_end: u32;

fn input_chunk(row: u32, chunk: u32) -> mat4x4<f32> {
  if row >= tile_end { return mat4x4<f32>(); }
  let pairs = step.tokens * ACTIVE;
  var token = row - pairs;
  if row < pairs { token = grouped[token_word(row)]; }
  let at = 4 * (token * chunks_of(HIDDEN) + chunk);
  return mat4x4<f32>(x[at], x[at + 1], x[at + 2], x[at + 3]);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  if group.y >= grouped[0] { return; }
  let at = tile_word(group.y);
  let expert = grouped[at];
  let row0 = grouped[at + 1];
  let end = row0 + grouped[at + 2];
  tile_end = end;
  let is_shared = expert == EXPERTS;
  let outs = select(INNER, SHARED, is_shared);
  let out0 = TILE * group.x;
  if out0 >= outs || !open_expert(expert) { return; }
  let m = expert_matrix(expert, STRIDE, select(SCALES, SHARED_SCALES, is_shared), SCALE_STRIDE);

  var gates = mat4x4<f32>();
  for (var part = 0u; part < 2 * one(); part++) {
    gates = tile_sums;
    multiply_tile(m, row0, out0 + part * select(UP, SHARED_UP, is_shared), outs - out0, chunks_of(HIDDEN), lane);
  }
  for (var i = 0u; i < 4; i++) {
    let row = row0 + 4 * (lane / 8) + i;
    for (var j = 0u; j < 4; j++) {
      let out = out0 + 4 * (lane % 8) + j;
      if row < end && out < outs { inner[row * I_STRIDE + out] = silu(gates[i][j]) * tile_value(i, j); }
    }
  }
}
