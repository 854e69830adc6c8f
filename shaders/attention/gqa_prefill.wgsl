// gqa_prefill – attention of a tile of query rows of one head over its cached keys and values (prefill)
//
//   step    Step                                uniform
//   query   vec2<f32>  [tokens, HEADS * KEY]    read
//   pages   u32        [pages]                  read
//   cache   u32        [rows, KV_ENTRY]         read
//   output  vec2<f32>  [tokens, HEADS * VALUE]  read_write
//
//   grid    ceil(tokens / TILE) × HEADS; WORKGROUP and TILE come from the module of `prefillTile`
//   exact   f32 scores, softmax and sums in a fixed order
//
// Row t sees the positions up to step.position + t. VALUE is at most 256; all sizes are even.

#import shared/step
#import shared/pages
#import attention/gqa_loads
#import prefillTile

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> query: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read> pages: array<u32>;
@group(0) @binding(3) var<storage, read> cache: array<u32>;
@group(0) @binding(4) var<storage, read_write> output: array<vec2<f32>>;

override HEADS: u32;
override SCALE: f32;

fn cache_index(position: u32) -> u32 { return cache_row(position); }

fn key_quad(index: u32, head: u32, quad: u32) -> vec4<f32> { return cached_key(index, head / GROUP, quad); }

fn value_quad(index: u32, head: u32, quad: u32) -> vec4<f32> {
  return cached_value(index, head / GROUP, quad);
}

// One dispatch sees all positions, so no softmax state is carried over.
fn load_softmax(row: u32, head: u32) -> vec2<f32> { return vec2<f32>(); }

fn store_softmax(row: u32, head: u32, softmax: vec2<f32>) {}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let group = grid_group(id);
  let row0 = TILE * group.x;
  attend(0, min(step.position + row0 + TILE, step.context), row0, group.y, false, true, lane);
}
