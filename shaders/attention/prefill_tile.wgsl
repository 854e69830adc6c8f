// prefill_tile – attention of 32 query rows of one head, 32 keys at a time: the core of prefill attention
//
// A workgroup has 256 invocations. The kernel defines HEADS, VALUE, SCALE, KEY_QUADS (quads of a query or
// key), `output`, and loads of four columns: query_quad(row, head, quad), key_quad(index, head, quad) and
// value_quad(index, head, quad), where index = cache_index(position). Row t sees the positions up to
// step.position + t. VALUE is at most 256. In uniform control flow the kernel calls
//   attend(first, end, row0, head, resume, last, lane)
// for positions first to end - 1, first a multiple of 32. `resume`: `output` holds Σ p·v of earlier
// positions, and load_softmax(row, head) returns the largest score and Σ p that store_softmax(row, head,
// softmax) saved. `last`: no more positions follow, so the sums are divided by Σ p.

#import attention/online_softmax

override VALUE_QUADS: u32 = (VALUE + 3) / 4;
// Passes of 32 neighbouring invocations over the columns: 1 or 2
override SPANS: u32 = (VALUE_QUADS + 31) / 32;

const WORKGROUP: u32 = 256;
const LANES_PER_QUERY: u32 = 8;
const WEIGHTS_STRIDE: u32 = 33;
const TILE: u32 = 32;         // queries, and keys at a time
const STAGED_QUADS: u32 = 8;  // of each query or key at a time
const STAGED_STRIDE: u32 = 9; // quads from one staged row to the next: odd, which avoids bank conflicts
const KEYS_START: u32 = 288;  // TILE * STAGED_STRIDE: staged queries come first
const STAGED_VALUES: u32 = 8; // at a time

var<workgroup> staged: array<vec4<f32>, 576>; // 32 queries and 32 keys, or 8 values
var<private> sums: array<vec4<f32>, 8>;       // 4 queries × 2 quads of columns

// The staged quads' part of the scores of 2 queries × 2 keys.
fn multiply(lane: u32) -> vec4<f32> {
  let q = 2 * (lane / 16) * STAGED_STRIDE;
  let k = KEYS_START + lane % 16 * STAGED_STRIDE;
  var scores = vec4<f32>();
  for (var i = q; i < q + STAGED_QUADS; i++) {
    let q0 = staged[i];
    let q1 = staged[i + STAGED_STRIDE];
    let k0 = staged[i - q + k];
    let k1 = staged[i - q + k + 16 * STAGED_STRIDE];
    scores += vec4<f32>(dot(q0, k0), dot(q0, k1), dot(q1, k0), dot(q1, k1));
  }
  return scores;
}

// Leaves scores in `weights`, LOWEST where the causal mask hides a key. Each invocation stages one quad of a
// query and one of a key.
fn score(base: u32, end: u32, row0: u32, head: u32, lane: u32) {
  let row = row0 + lane / STAGED_QUADS;
  let position = base + lane / STAGED_QUADS;
  let into = lane / STAGED_QUADS * STAGED_STRIDE + lane % STAGED_QUADS;
  var scores = vec4<f32>();
  for (var first = 0u; first < KEY_QUADS; first += STAGED_QUADS) {
    let quad = first + lane % STAGED_QUADS;
    var q = vec4<f32>();
    var k = vec4<f32>();
    if quad < KEY_QUADS { q = query_quad(row, head, quad); }
    if quad < KEY_QUADS && position < end { k = key_quad(cache_index(position), head, quad); }
    staged[into] = q;
    staged[KEYS_START + into] = k;
    workgroupBarrier();
    scores += multiply(lane);
    workgroupBarrier();
  }
  for (var i = 0u; i < 4; i++) {
    let q = 2 * (lane / 16) + i / 2;
    let k = lane % 16 + 16 * (i % 2);
    let visible = base + k <= step.position + row0 + q;
    weights[k * WEIGHTS_STRIDE + q] = select(LOWEST, SCALE * scores[i], visible);
  }
  workgroupBarrier();
}

fn own_scores(lane: u32) -> vec4<f32> {
  let first = weights_at(lane);
  return vec4<f32>(weights[first], weights[first + WEIGHTS_STRIDE],
    weights[first + 2 * WEIGHTS_STRIDE], weights[first + 3 * WEIGHTS_STRIDE]);
}

fn scale_sums(lane: u32) {
  for (var i = 0u; i < 4 * SPANS; i++) { sums[i] *= factors[4 * (lane / 32) + i % 4]; }
}

fn accumulate(base: u32, end: u32, head: u32, lane: u32) {
  for (var first = base; first < min(base + TILE, end); first += STAGED_VALUES) {
    for (var i = lane; i < STAGED_VALUES * VALUE_QUADS && first + i / VALUE_QUADS < end; i += WORKGROUP) {
      staged[i] = value_quad(cache_index(first + i / VALUE_QUADS), head, i % VALUE_QUADS);
    }
    workgroupBarrier();
    for (var k = 0u; k < min(STAGED_VALUES, end - first); k++) {
      let at = (first - base + k) * WEIGHTS_STRIDE + 4 * (lane / 32);
      let p = vec4<f32>(weights[at], weights[at + 1], weights[at + 2], weights[at + 3]);
      for (var span = 0u; span < SPANS; span++) {
        let value = staged[k * VALUE_QUADS + min(lane % 32 + 32 * span, VALUE_QUADS - 1)];
        for (var i = 0u; i < 4; i++) { sums[4 * span + i] += p[i] * value; }
      }
    }
    workgroupBarrier();
  }
}

// Attends to positions first to end - 1. Takes the largest score and Σ p so far (`before`) of row
// row0 + lane / LANES_PER_QUERY, and returns the new ones.
fn attend_tiles(before: vec2<f32>, first: u32, end: u32, row0: u32, head: u32, lane: u32) -> vec2<f32> {
  var softmax = before;
  for (var base = first; base < end; base += TILE) {
    score(base, end, row0, head, lane);
    softmax = update_softmax(softmax, own_scores(lane), lane);
    scale_sums(lane);
    accumulate(base, end, head, lane);
  }
  return softmax;
}

// Divides the sums of row row0 + lane / LANES_PER_QUERY by `total`.
fn divide_sums(total: f32, lane: u32) {
  if lane % LANES_PER_QUERY == 0 { factors[lane / LANES_PER_QUERY] = 1.0 / total; }
  workgroupBarrier();
  scale_sums(lane);
}

// Index of sums[i] in the output, in pairs.
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

fn attend(first: u32, end: u32, row0: u32, head: u32, resume: bool, last: bool, lane: u32) {
  let own = row0 + lane / LANES_PER_QUERY; // the row whose softmax this invocation helps compute
  var softmax = vec2<f32>(LOWEST, 0.0);
  if resume && own < step.tokens { softmax = load_softmax(own, head); }
  if resume { read_sums(row0, head, lane); }
  softmax = attend_tiles(softmax, first, end, row0, head, lane);
  if lane % LANES_PER_QUERY == 0 && own < step.tokens { store_softmax(own, head, softmax); }
  divide_sums(select(1.0, softmax.y, last), lane);
  write_sums(row0, head, lane);
}
