// expert_down_prefill – output = down inner, not yet weighted, for tiles of rows that chose the same expert
//
//   step      Step                                                    uniform
//   inner     vec4<f32>  [tokens * (TOP_K + 1), INTERMEDIATE_STRIDE]  read
//   grouped   u32        [grouped words]                              read
//   slots     u32        [EXPERTS + 1, 2]                             read
//   output    f32        [tokens * (TOP_K + 1), HIDDEN]               read_write
//   weights0  vec4<u32>  [bank]                                       read
//   weights1  vec4<u32>  [bank]                                       read
//   weights2  vec4<u32>  [bank]                                       read
//   weights3  vec4<u32>  [bank]                                       read
//
//   grid      ceil(HIDDEN / TILE_OUTS) × TILES; sizes from the module of `tile`
//   exact     f32 sums; tile_f16 rounds inner to 11 bits

#import shared/step
#import shared/chunk
#import weights
#import moe/expert_slots
#import moe/expert_groups
#import tile

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> inner: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> grouped: array<u32>;
@group(0) @binding(3) var<storage, read> slots: array<u32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;
@group(0) @binding(5) var<storage, read> weights0: array<vec4<u32>>;
@group(0) @binding(6) var<storage, read> weights1: array<vec4<u32>>;
@group(0) @binding(7) var<storage, read> weights2: array<vec4<u32>>;
@group(0) @binding(8) var<storage, read> weights3: array<vec4<u32>>;

override HIDDEN: u32;
override EXPERTS: u32;
override INTERMEDIATE: u32;
override SHARED_INTERMEDIATE: u32 = 0; // intermediate size of the shared expert; 0 = none
override INTERMEDIATE_STRIDE: u32;     // floats
override STRIDE: u32;
override SCALES: u32;                  // words from an expert's base
override SCALE_STRIDE: u32;
override SHARED_STRIDE: u32 = 0;
override SHARED_SCALES: u32 = 0;
override SHARED_SCALE_STRIDE: u32 = 0;

var<private> end: u32; // end of the tile's rows in `grouped`

fn input_row(row: u32) -> u32 { return min(row, end - 1) * (INTERMEDIATE_STRIDE / 4); }

fn input_quad(at: u32, quad: u32) -> vec4<f32> { return inner[at + quad]; }

fn weight_row(out: u32) -> u32 { return min(out, HIDDEN - 1); }

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let group = grid_group(id);
  if group.y >= grouped[0] { return; }
  let at = tile_word(group.y);
  let expert = grouped[at];
  let row0 = grouped[at + 1];
  if !select_bank(expert) { return; }
  end = row0 + grouped[at + 2];
  let is_shared = expert == EXPERTS;
  let m = expert_matrix(expert, select(STRIDE, SHARED_STRIDE, is_shared),
    select(SCALES, SHARED_SCALES, is_shared), select(SCALE_STRIDE, SHARED_SCALE_STRIDE, is_shared));
  let out0 = TILE_OUTS * group.x;
  multiply_tile(m, row0, out0, chunks_of(select(INTERMEDIATE, SHARED_INTERMEDIATE, is_shared)), lane);
  let out = out0 + tile_out(lane);
  for (var i = 0u; i < LANE_ROWS * opaque_one(); i++) {
    let row = row0 + tile_row(lane, i);
    if row >= end { continue; }
    let into = row * (16 * chunks_of(HIDDEN)) + out;
    for (var j = 0u; j < min(4, max(out, HIDDEN) - out); j++) { output[into + j] = tile_value(i)[j]; }
  }
}
