// expert_up_prefill – inner = silu(gate x) * (up x) for tiles of rows that chose the same expert
//
//   step      Step                                                    uniform
//   x         vec4<f32>  [tokens, HIDDEN]                             read
//   grouped   u32        [grouped words]                              read
//   slots     u32        [EXPERTS + 1, 2]                             read
//   inner     f32        [tokens * (TOP_K + 1), INTERMEDIATE_STRIDE]  read_write
//   weights0  vec4<u32>  [bank]                                       read
//   weights1  vec4<u32>  [bank]                                       read
//   weights2  vec4<u32>  [bank]                                       read
//   weights3  vec4<u32>  [bank]                                       read
//
//   grid      ceil(max(INTERMEDIATE, SHARED_INTERMEDIATE) / (TILE_OUTS / 2)) × TILES; sizes from `tile`
//   exact     f32 sums; tile_f16 rounds x to 11 bits

#import shared/step
#import shared/chunk
#import shared/silu
#import weights
#import moe/expert_slots
#import moe/expert_groups
#import tile

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> grouped: array<u32>;
@group(0) @binding(3) var<storage, read> slots: array<u32>;
@group(0) @binding(4) var<storage, read_write> inner: array<f32>;
@group(0) @binding(5) var<storage, read> weights0: array<vec4<u32>>;
@group(0) @binding(6) var<storage, read> weights1: array<vec4<u32>>;
@group(0) @binding(7) var<storage, read> weights2: array<vec4<u32>>;
@group(0) @binding(8) var<storage, read> weights3: array<vec4<u32>>;

override HIDDEN: u32;
override EXPERTS: u32;
override INTERMEDIATE: u32;
override SHARED_INTERMEDIATE: u32 = 0; // intermediate size of the shared expert; 0 = none
override UP: u32;                      // row where up begins; gate begins at 0
override SHARED_UP: u32 = 0;
override INTERMEDIATE_STRIDE: u32;     // floats
override STRIDE: u32;
override SCALES: u32;                  // words from an expert's base
override SCALE_STRIDE: u32;
override SHARED_SCALES: u32 = 0;

var<private> end: u32;  // end of the tile's rows in `grouped`
var<private> outs: u32; // intermediate size of the tile's expert
var<private> up: u32;   // first row of up

fn input_row(row: u32) -> u32 {
  let own = min(row, end - 1);
  let pairs = step.tokens * TOP_K;
  var token = own - pairs;
  if own < pairs { token = grouped[token_word(own)]; }
  return token * (4 * chunks_of(HIDDEN));
}

fn input_quad(at: u32, quad: u32) -> vec4<f32> { return x[at + quad]; }

// Each four weight rows of a tile are two rows of gate and the same two rows of up.
fn weight_row(out: u32) -> u32 { return min(out / 4 * 2 + out % 2, outs - 1) + select(0, up, out % 4 >= 2); }

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let group = grid_group(id);
  if group.y >= grouped[0] { return; }
  let at = tile_word(group.y);
  let expert = grouped[at];
  let row0 = grouped[at + 1];
  let is_shared = expert == EXPERTS;
  let width = select(INTERMEDIATE, SHARED_INTERMEDIATE, is_shared);
  let out0 = TILE_OUTS * group.x;
  if out0 / 2 >= width || !select_bank(expert) { return; }
  end = row0 + grouped[at + 2];
  outs = width;
  up = select(UP, SHARED_UP, is_shared);
  let m = expert_matrix(expert, STRIDE, select(SCALES, SHARED_SCALES, is_shared), SCALE_STRIDE);
  multiply_tile(m, row0, out0, chunks_of(HIDDEN), lane);
  let out = (out0 + tile_out(lane)) / 2;
  for (var i = 0u; i < LANE_ROWS * opaque_one(); i++) {
    let row = row0 + tile_row(lane, i);
    if row >= end { continue; }
    let value = tile_value(i);
    let into = row * INTERMEDIATE_STRIDE + out;
    if out < width { inner[into] = silu(value.x) * value.z; }
    if out + 1 < width { inner[into + 1] = silu(value.y) * value.w; }
  }
}
