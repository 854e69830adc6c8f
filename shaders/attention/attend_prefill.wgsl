// attend_prefill – attention of 32 rows of one head to one block of expanded keys and values, with a running softmax (prefill)
//
//   step      Step                                        uniform
//   block     Block                                       uniform
//   query     vec2<f32>  [tokens, Q_STRIDE]               read
//   expanded  vec2<f32>  [BLOCK, HEADS * (NOPE + VALUE)]  read
//   pages     u32        [pages]                          read
//   cache     u32        [rows, RECORD]                   read
//   output    vec2<f32>  [tokens, HEADS * VALUE]          read_write
//   state     vec2<f32>  [tokens, HEADS, 2]               read_write
//
//   grid    ceil(tokens / 32) × HEADS; workgroups of 256
//   exact   f32 scores, softmax and sums in a fixed order
//
// Blocks come in order. Block 0 begins the sums; each leaves Σ p·v in output, the largest score and Σ p in state; the block
// that holds the last position divides. Row t sees the positions up to step.position + t. VALUE is at most 256; all sizes are even.

#import shared/step
#import shared/block
#import shared/pages
#import attention/expanded_loads
#import attention/prefill_core

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> block: Block;
@group(0) @binding(2) var<storage, read> query: array<vec2<f32>>; // rotated; from column Q_OFFSET on: [HEADS, NOPE + ROPE]
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
override RECORD: u32 = LATENT + ROPE;
override NOPE_QUADS: u32 = (NOPE + 3) / 4;
override KEY_QUADS: u32 = NOPE_QUADS + (ROPE + 3) / 4;

fn read_sums(row0: u32, head: u32, lane: u32) {
  for (var i = 0u; i < 4 * SPANS; i++) {
    let at = sums_at(i, row0, head, lane);
    if sums_exist(i, 0, row0, lane) { sums[i] = vec4<f32>(output[at], 0, 0); }
    if sums_exist(i, 1, row0, lane) { sums[i] = vec4<f32>(sums[i].xy, output[at + 1]); }
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row0 = TILE * group.x;
  let head = group.y;
  let last = block.index == (step.context - 1) / BLOCK;
  let end = min(min((block.index + 1) * BLOCK, step.position + row0 + TILE), step.context);
  if block.index * BLOCK >= end && !last { return; }
  let own = row0 + lane / SHARERS; // the row whose softmax this invocation shares in
  let state_at = own * HEADS + head;
  var softmax = vec2<f32>(LOWEST, 0.0);
  let goes_on = block.index > 0;
  if goes_on && own < step.tokens { softmax = state[state_at]; }
  if goes_on { read_sums(row0, head, lane); }
  softmax = attend_tiles(softmax, block.index * BLOCK, end, row0, head, lane);
  if lane % SHARERS == 0 && own < step.tokens { state[state_at] = softmax; }
  divide_sums(select(1.0, softmax.y, last), lane);
  write_sums(row0, head, lane);
}
