// mla_prefill – attention of a tile of query rows of one head over one block of expanded keys and values
//
//   step      Step                                        uniform
//   block     Block                                       uniform
//   query     vec2<f32>  [tokens, Q_STRIDE]               read
//   expanded  vec2<f32>  [BLOCK, HEADS * (NOPE + VALUE)]  read
//   pages     u32        [pages]                          read
//   cache     u32        [rows, KV_ENTRY]                 read
//   output    vec2<f32>  [tokens, HEADS * VALUE]          read_write
//   state     vec2<f32>  [tokens, HEADS, 2]               read_write
//
//   grid      ceil(tokens / TILE) × HEADS; WORKGROUP and TILE come from the module of `prefillTile`
//   exact     f32 scores, softmax and sums in a fixed order
//
// Blocks are dispatched in order. Block 0 starts the sums. Each block leaves Σ p·v in output, and the largest
// score and Σ p in state; the block that holds the last position of a tile divides by Σ p. Row t sees the
// positions up to step.position + t. VALUE is at most 256; all sizes are even.

#import shared/step
#import shared/block
#import shared/pages
#import attention/mla_prefill_loads
#import prefillTile

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> block: Block;
// Rotated; from column Q_OFFSET on: [HEADS, NOPE + ROPE]
@group(0) @binding(2) var<storage, read> query: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read> expanded: array<vec2<f32>>; // head by head: [NOPE | VALUE]
@group(0) @binding(4) var<storage, read> pages: array<u32>;
@group(0) @binding(5) var<storage, read> cache: array<u32>;
@group(0) @binding(6) var<storage, read_write> output: array<vec2<f32>>;
@group(0) @binding(7) var<storage, read_write> state: array<vec2<f32>>;

override HEADS: u32;
override NOPE: u32;
override ROPE: u32;
override VALUE: u32;
override LATENT: u32;
override BLOCK: u32; // a multiple of 32
override SCALE: f32;
override Q_OFFSET: u32 = 0;
override Q_STRIDE: u32; // floats
override KV_ENTRY: u32 = LATENT + ROPE;
override NOPE_QUADS: u32 = (NOPE + 3) / 4;
override KEY_QUADS: u32 = NOPE_QUADS + (ROPE + 3) / 4;

fn load_softmax(row: u32, head: u32) -> vec2<f32> { return state[row * HEADS + head]; }

fn store_softmax(row: u32, head: u32, softmax: vec2<f32>) { state[row * HEADS + head] = softmax; }

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let group = grid_group(id);
  let row0 = TILE * group.x;
  let first = block.index * BLOCK;
  let end = min(step.position + row0 + TILE, step.context); // of the positions that the tile sees
  if first >= end { return; }
  attend(first, min(first + BLOCK, end), row0, group.y, first > 0, first + BLOCK >= end, lane);
}
