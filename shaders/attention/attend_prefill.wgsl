// attend_prefill – attention of 32 rows of one head to one block of expanded keys and values, with a running softmax (prefill)
//
//   step      Step                                      uniform
//   block     Block                                     uniform
//   query     f32  [tokens, Q_STRIDE]                   read
//   expanded  f32  [BLOCK, HEADS * (NOPE + VALUE)]      read
//   pages     u32  [pages]                              read
//   cache     u32  [rows, RECORD]                       read
//   output    f32  [tokens, HEADS * VALUE]              read_write
//   state     f32  [tokens, HEADS, 2]                   read_write
//
//   grid    ceil(tokens / 32) × HEADS; workgroups of 256
//   exact   f32 scores, softmax and sums in a fixed order
//
// Blocks come in order. Block 0 begins the sums; each leaves Σ p·v in output, the largest score and Σ p in state; the block
// that holds the last position divides. Row t sees the positions up to step.position + t. VALUE is at most 256.

#import shared/step
#import shared/block
#import shared/pages
#import cache
#import attention/prefill_loads
#import attention/prefill_softmax

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> block: Block;
@group(0) @binding(2) var<storage, read> query: array<f32>; // rotated; from column Q_OFFSET on: [HEADS, NOPE + ROPE]
@group(0) @binding(3) var<storage, read> expanded: array<f32>; // head by head: [NOPE | VALUE]
@group(0) @binding(4) var<storage, read> pages: array<u32>;
@group(0) @binding(5) var<storage, read> cache: array<u32>;
@group(0) @binding(6) var<storage, read_write> output: array<f32>;
@group(0) @binding(7) var<storage, read_write> state: array<f32>;

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
override VALUE_QUADS: u32 = (VALUE + 3) / 4;

const TILE: u32 = 32;    // queries, and keys at a time
const DEPTH: u32 = 8;    // quads of a query or key that are staged at a time
const ROW: u32 = 9;      // quads from one staged row to the next: an odd number spreads the banks
const KEYS: u32 = 288;   // TILE * ROW: staged queries come first
const VALUES: u32 = 8;   // values staged at a time

var<workgroup> staged: array<vec4<f32>, 576>; // 32 queries and 32 keys, or 8 values
var<private> sums: array<vec4<f32>, 8>;       // 4 queries × 2 quads of columns

// Adds the staged quads' share to the scores of 2 queries × 2 keys.
fn multiply(lane: u32) -> vec4<f32> {
  let a = 2 * (lane / 16) * ROW;
  let b = KEYS + lane % 16 * ROW;
  var scores = vec4<f32>();
  for (var i = 0u; i < DEPTH; i++) {
    let q0 = staged[a + i];
    let q1 = staged[a + ROW + i];
    let k0 = staged[b + i];
    let k1 = staged[b + 16 * ROW + i];
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
  for (var first = 0u; first < NOPE; first += 4 * DEPTH) {
    let column = first + 4 * (lane % DEPTH);
    staged[into] = query_quad(row, head, column);
    staged[KEYS + into] = expanded_quad(position, end, head, column, NOPE);
    workgroupBarrier();
    scores += multiply(lane);
    workgroupBarrier();
  }
  for (var first = 0u; first < ROPE / 2; first += 2 * DEPTH) {
    let pair = first + 2 * (lane % DEPTH);
    staged[into] = vec4<f32>(query_pair(row, head, pair), query_pair(row, head, pair + 1));
    staged[KEYS + into] = vec4<f32>(key_pair(position, end, pair), key_pair(position, end, pair + 1));
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
  for (var i = 0u; i < 8; i++) { sums[i] *= factors[4 * (lane / 32) + i % 4]; }
}

fn accumulate(base: u32, end: u32, head: u32, lane: u32) {
  for (var first = 0u; first < TILE && base + first < end; first += VALUES) {
    for (var i = lane; i < VALUES * VALUE_QUADS; i += 256) {
      let column = NOPE + 4 * (i % VALUE_QUADS);
      staged[i] = expanded_quad(base + first + i / VALUE_QUADS, end, head, column, NOPE + VALUE);
    }
    workgroupBarrier();
    for (var k = 0u; k < VALUES; k++) {
      let at = (first + k) * WEIGHTS_ROW + 4 * (lane / 32);
      for (var half = 0u; half < 2; half++) {
        let quad = lane % 32 + 32 * half;
        if quad < VALUE_QUADS {
          let value = staged[k * VALUE_QUADS + quad];
          for (var i = 0u; i < 4; i++) { sums[4 * half + i] += weights[at + i] * value; }
        }
      }
    }
    workgroupBarrier();
  }
}

fn sums_at(row: u32, head: u32, quad: u32) -> u32 {
  return row * ((HEADS * VALUE + 15) / 16 * 16) + head * VALUE + 4 * quad;
}

fn read_sums(row0: u32, head: u32, lane: u32) {
  for (var i = 0u; i < 8; i++) {
    let row = row0 + 4 * (lane / 32) + i % 4;
    let quad = lane % 32 + i / 4 * 32;
    for (var j = 0u; j < 4; j++) {
      if row < step.tokens && 4 * quad + j < VALUE { sums[i][j] = output[sums_at(row, head, quad) + j]; }
    }
  }
}

fn write_sums(row0: u32, head: u32, lane: u32) {
  for (var i = 0u; i < 8; i++) {
    let row = row0 + 4 * (lane / 32) + i % 4;
    let quad = lane % 32 + i / 4 * 32;
    for (var j = 0u; j < 4; j++) {
      if row < step.tokens && 4 * quad + j < VALUE { output[sums_at(row, head, quad) + j] = sums[i][j]; }
    }
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
  let state_at = 2 * (own * HEADS + head);
  var softmax = vec2<f32>(LOWEST, 0.0);
  let goes_on = block.index > 0;
  if goes_on && own < step.tokens { softmax = vec2<f32>(state[state_at], state[state_at + 1]); }
  if goes_on { read_sums(row0, head, lane); }
  for (var base = block.index * BLOCK; base < end; base += TILE) {
    score(base, end, row0, head, lane);
    softmax = soften(softmax, lane);
    scale_sums(lane);
    accumulate(base, end, head, lane);
  }
  if lane % 8 == 0 {
    factors[lane / 8] = select(1.0, 1.0 / softmax.y, last);
    if own < step.tokens {
      state[state_at] = softmax.x;
      state[state_at + 1] = softmax.y;
    }
  }
  workgroupBarrier();
  scale_sums(lane);
  write_sums(row0, head, lane);
}
