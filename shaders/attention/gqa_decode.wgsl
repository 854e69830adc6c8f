// gqa_decode – attention of a tile of query heads over one split of the context of their KV head (decode)
//
//   step    Step                                           uniform
//   query   vec2<f32>  [tokens, HEADS * KEY]               read
//   pages   u32        [pages]                             read
//   cache   u32        [rows, KV_ENTRY]                    read
//   output  vec2<f32>  [tokens, HEADS, SPLITS, VALUE + 2]  read_write
//
//   grid    splits in use × KV_HEADS * ceil(HEADS / KV_HEADS / HEAD_TILE) × tokens
//   exact   f32 scores, softmax and sums in a fixed order
//
// The module of `gqaTile` defines WORKGROUP. A row sees the positions up to its own. A split writes
// Σ p·v, not yet divided, then the largest score and Σ p; where a row sees nothing of a split, Σ p = 0. A
// split is a multiple of 4. VALUE is at most 256; all sizes are even.

#import shared/step
#import shared/pages
#import attention/gqa_loads
#import gqaTile

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> query: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read> pages: array<u32>;
@group(0) @binding(3) var<storage, read> cache: array<u32>;
@group(0) @binding(4) var<storage, read_write> output: array<vec2<f32>>;

override HEADS: u32;
override SPLITS: u32;
override SCALE: f32;
override HEAD_TILE: u32; // heads per workgroup, which share each load of a key or value
override TILES: u32 = (GROUP + HEAD_TILE - 1) / HEAD_TILE; // tiles of a group

fn partial_at(row: u32, head: u32, split: u32) -> u32 {
  return ((row * HEADS + head) * SPLITS + split) * (VALUE / 2 + 1);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  select_row(id.z);
  let split = row_split(id.z);
  let first = id.x * split;
  let end = min(first + split, row_position(id.z) + 1);
  attend_split(first, end, id.z, id.y / TILES, id.y % TILES * HEAD_TILE, id.x, lane);
}
