// mla_decode – absorbed attention of a tile of heads over one split of the cached latents (decode)
//
//   step      Step                                            uniform
//   absorbed  vec2<f32>  [tokens, HEADS * (LATENT + ROPE)]    read
//   pages     u32        [pages]                              read
//   cache     u32        [rows, KV_ENTRY]                     read
//   output    vec2<f32>  [tokens, HEADS, SPLITS, LATENT + 2]  read_write
//
//   grid      splits in use × ceil(HEADS / 16) × tokens; WORKGROUP from the module of `mlaTile`
//   exact     f32 scores, softmax and sums in a fixed order
//
// Keys and values are never expanded. A row sees the positions up to its own. A split writes the
// sum of p times latent, not yet divided, then the largest score and Σ p; where a row sees nothing of a
// split, Σ p = 0. A split is a multiple of 4; a KV entry has at most 576 numbers.

#import shared/step
#import shared/pages
#import cache
#import mlaTile

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> absorbed: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read> pages: array<u32>;
@group(0) @binding(3) var<storage, read> cache: array<u32>;
@group(0) @binding(4) var<storage, read_write> output: array<vec2<f32>>;

override HEADS: u32;
override LATENT: u32;
override ROPE: u32;
override SPLITS: u32;
override SCALE: f32;
override KV_ENTRY: u32 = LATENT + ROPE;
override KV_ENTRY_QUADS: u32 = (KV_ENTRY + 3) / 4;

const HEAD_TILE: u32 = 16;

// Zeros beyond the heads and the columns that exist.
fn absorbed_quad(row: u32, head: u32, quad: u32) -> vec4<f32> {
  if head >= HEADS || quad >= KV_ENTRY_QUADS { return vec4<f32>(); }
  let at = (row * ((HEADS * KV_ENTRY + 15) / 16 * 16) + head * KV_ENTRY) / 2 + 2 * quad;
  if 4 * quad + 2 >= KV_ENTRY { return vec4<f32>(absorbed[at], 0, 0); }
  return vec4<f32>(absorbed[at], absorbed[at + 1]);
}

fn partial_at(row: u32, head: u32, split: u32) -> u32 {
  return ((row * HEADS + head) * SPLITS + split) * (LATENT / 2 + 1);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  select_row(group.z);
  let split = row_split(group.z);
  let first = group.x * split;
  let end = min(first + split, row_position(group.z) + 1);
  attend_split(first, end, group.z, HEAD_TILE * group.y, group.x, lane);
}
