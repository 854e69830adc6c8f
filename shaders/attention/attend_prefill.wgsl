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
#import cache
#import attention/prefill_loads
#import attention/prefill_softmax

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
override VALUE_QUADS: u32 = (VALUE + 3) / 4;
override SPANS: u32 = (VALUE_QUADS + 31) / 32; // 32 invocations side by side, once or twice

const TILE: u32 = 32;    // queries, and keys at a time
const DEPTH: u32 = 8;    // quads of a query or key that are staged at a time
const ROW: u32 = 9;      // quads from one staged row to the next: an odd number spreads the banks
const KEYS: u32 = 288;   // TILE * ROW: staged queries come first
const VALUES: u32 = 8;   // values staged at a time

var<workgroup> staged: array<vec4<f32>, 576>; // 32 queries and 32 keys, or 8 values
var<private> sums: array<vec4<f32>, 8>;       // 4 queries × 2 quads of columns

// The staged quads' share of the scores of 2 queries × 2 keys.
fn multiply(lane: u32) -> vec4<f32> {
  let q = 2 * (lane / 16) * ROW;
  let k = KEYS + lane % 16 * ROW;
  var scores = vec4<f32>();
  for (var i = q; i < q + DEPTH; i++) {
    let q0 = staged[i];
    let q1 = staged[i + ROW];
    let k0 = staged[i - q + k];
    let k1 = staged[i - q + k + 16 * ROW];
    scores += vec4<f32>(dot(q0, k0), dot(q0, k1), dot(q1, k0), dot(q1, k1));
  }
  return scores;
}

// Leaves scores in `weights`, LOWEST where a query may not look. Each invocation stages one quad of a query and one of a key.
fn score(base: u32, end: u32, row0: u32, head: u32, lane: u32) {
  let row = row0 + lane / DEPTH;
  let position = base + lane / DEPTH;
  let into = lane / DEPTH * ROW + lane % DEPTH;
  var scores = vec4<f32>();
  for (var first = 0u; first < KEY_QUADS; first += DEPTH) {
    let quad = first + lane % DEPTH;
    var q = vec4<f32>();
    var k = vec4<f32>();
    if quad < KEY_QUADS { q = query_quad(row, head, quad); }
    if quad < KEY_QUADS && position < end { k = key_quad(position, head, quad); }
    staged[into] = q;
    staged[KEYS + into] = k;
    workgroupBarrier();
    scores += multiply(lane);
    workgroupBarrier();
  }
  for (var i = 0u; i < 4; i++) {
    let q = 2 * (lane / 16) + i / 2;
    let k = lane % 16 + 16 * (i % 2);
    let visible = base + k <= step.position + row0 + q;
    weights[k * WEIGHTS_ROW + q] = select(LOWEST, SCALE * scores[i], visible);
  }
  workgroupBarrier();
}

fn scale_sums(lane: u32) {
  for (var i = 0u; i < 4 * SPANS; i++) { sums[i] *= factors[4 * (lane / 32) + i % 4]; }
}

fn accumulate(base: u32, end: u32, head: u32, lane: u32) {
  for (var first = base; first < min(base + TILE, end); first += VALUES) {
    for (var i = lane; i < VALUES * VALUE_QUADS && first + i / VALUE_QUADS < end; i += 256) {
      staged[i] = expanded_quad(first + i / VALUE_QUADS, head, NOPE / 2 + i % VALUE_QUADS * 2, NOPE + VALUE);
    }
    workgroupBarrier();
    for (var k = 0u; k < min(VALUES, end - first); k++) {
      let at = (first - base + k) * WEIGHTS_ROW + 4 * (lane / 32);
      let p = vec4<f32>(weights[at], weights[at + 1], weights[at + 2], weights[at + 3]);
      for (var span = 0u; span < SPANS; span++) {
        let value = staged[k * VALUE_QUADS + min(lane % 32 + 32 * span, VALUE_QUADS - 1)];
        for (var i = 0u; i < 4; i++) { sums[4 * span + i] += p[i] * value; }
      }
    }
    workgroupBarrier();
  }
}

// Place of sums[i] in the output, in pairs.
fn sums_at(i: u32, row0: u32, head: u32, lane: u32) -> u32 {
  let row = row0 + 4 * (lane / 32) + i % 4;
  return (row * ((HEADS * VALUE + 15) / 16 * 16) + head * VALUE) / 2 + 2 * (lane % 32 + i / 4 * 32);
}

// Whether pair 0 or 1 of sums[i] exists.
fn sums_exist(i: u32, pair: u32, row0: u32, lane: u32) -> bool {
  return row0 + 4 * (lane / 32) + i % 4 < step.tokens && 4 * (lane % 32 + i / 4 * 32) + 2 * pair < VALUE;
}

fn read_sums(row0: u32, head: u32, lane: u32) {
  for (var i = 0u; i < 4 * SPANS; i++) {
    let at = sums_at(i, row0, head, lane);
    if sums_exist(i, 0, row0, lane) { sums[i] = vec4<f32>(output[at], 0, 0); }
    if sums_exist(i, 1, row0, lane) { sums[i] = vec4<f32>(sums[i].xy, output[at + 1]); }
  }
}

fn write_sums(row0: u32, head: u32, lane: u32) {
  for (var i = 0u; i < 4 * SPANS; i++) {
    let at = sums_at(i, row0, head, lane);
    if sums_exist(i, 0, row0, lane) { output[at] = sums[i].xy; }
    if sums_exist(i, 1, row0, lane) { output[at + 1] = sums[i].zw; }
  }
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row0 = TILE * group.x;
  let head = group.y;
  let last = block.index == (step.context - 1) / BLOCK;
  let end = min(min((block.index + 1) * BLOCK, step.position + row0 + TILE), step.context);
  if block.index * BLOCK >= end && !last { return; }
  let own = row0 + lane / 8; // the row whose softmax this invocation shares in
  let state_at = own * HEADS + head;
  var softmax = vec2<f32>(LOWEST, 0.0);
  let goes_on = block.index > 0;
  if goes_on && own < step.tokens { softmax = state[state_at]; }
  if goes_on { read_sums(row0, head, lane); }
  for (var base = block.index * BLOCK; base < end; base += TILE) {
    score(base, end, row0, head, lane);
    softmax = soften(softmax, lane);
    scale_sums(lane);
    accumulate(base, end, head, lane);
  }
  if lane % 8 == 0 {
    factors[lane / 8] = select(1.0, 1.0 / softmax.y, last);
    if own < step.tokens { state[state_at] = softmax; }
  }
  workgroupBarrier();
  scale_sums(lane);
  write_sums(row0, head, lane);
}
