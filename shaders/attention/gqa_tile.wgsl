// gqa_tile – attention of heads of a group over one split, through workgroup memory: the core of gqa_decode
//
// Each key and value is read once for all HEAD_TILE heads. The kernel defines HEADS, SPLITS, SCALE, the
// bindings of gqa_decode, and partial_at(row, head, split): where a head's partial result begins, in pairs.
// In uniform control flow it calls
//   attend_split(first, end, row, group, first_head, split, lane)
// for positions first to end - 1, first a multiple of 4, and heads of the group from first_head on. HEAD_TILE
// is at most 8 and at most 1024 / KEY.

#import attention/online_softmax

override VALUE_QUADS: u32 = (VALUE + 3) / 4;
// Teams of VALUE_QUADS invocations, a quad of columns each; the positions are divided among the teams.
override TEAMS: u32 = WORKGROUP / VALUE_QUADS;

const WORKGROUP: u32 = 128;
const LANES_PER_QUERY: u32 = 16;
const WEIGHTS_STRIDE: u32 = 9;
const KEY_TILE: u32 = 64;          // positions at a time
const LANES_PER_KEY_PAIR: u32 = 4; // invocations that share two positions, every 4th quad of their keys each

var<workgroup> staged: array<vec4<f32>, HEAD_TILE * KEY_QUADS>;
// Per head: partial sums of two scores; in the end, of Σ p·v
var<workgroup> parts: array<vec2<f32>, HEAD_TILE * WORKGROUP>;
// Per head, for this invocation's quad of columns
var<private> sums: array<vec4<f32>, 8>;

// What a workgroup computes: a row, a KV head, and some of its query heads.
struct Work { row: u32, group: u32, head: u32, heads: u32 }

fn stage_queries(work: Work, lane: u32) {
  for (var i = lane; i < work.heads * KEY_QUADS; i += WORKGROUP) {
    staged[i] = SCALE * query_quad(work.row, work.head + i / KEY_QUADS, i % KEY_QUADS);
  }
}

// An invocation's part of the scores of two neighbouring positions.
fn multiply(base: u32, end: u32, group: u32, lane: u32) {
  let position = base + lane / LANES_PER_KEY_PAIR * 2;
  let first = cache_row(min(position, end - 1));
  let second = cache_row(min(position + 1, end - 1));
  let quads = select(0, KEY_QUADS, position < end);
  var scores: array<vec2<f32>, 8>;
  for (var quad = lane % LANES_PER_KEY_PAIR; quad < quads; quad += LANES_PER_KEY_PAIR) {
    let first_key = cached_key(first, group, quad);
    let second_key = cached_key(second, group, quad);
    for (var h = 0u; h < HEAD_TILE; h++) {
      let q = staged[h * KEY_QUADS + quad];
      scores[h] += vec2<f32>(dot(q, first_key), dot(q, second_key));
    }
  }
  for (var h = 0u; h < HEAD_TILE; h++) { parts[h * WORKGROUP + lane] = scores[h]; }
}

// Scores of the four positions that this invocation handles in the softmax; LOWEST from `end` on.
fn sum_scores(base: u32, end: u32, lane: u32) -> vec4<f32> {
  let position = base + 4 * (lane % LANES_PER_QUERY);
  var scores = vec4<f32>();
  if lane / LANES_PER_QUERY < HEAD_TILE {
    let at = lane / LANES_PER_QUERY * WORKGROUP + lane % LANES_PER_QUERY * 2 * LANES_PER_KEY_PAIR;
    for (var i = at; i < at + LANES_PER_KEY_PAIR; i++) {
      scores += vec4<f32>(parts[i], parts[i + LANES_PER_KEY_PAIR]);
    }
  }
  return select(vec4<f32>(LOWEST), scores, position + vec4<u32>(0, 1, 2, 3) < vec4<u32>(end));
}

fn accumulate(base: u32, end: u32, group: u32, lane: u32) {
  for (var h = 0u; h < HEAD_TILE; h++) { sums[h] *= factors[h]; }
  if lane / VALUE_QUADS >= TEAMS { return; }
  for (var position = base + lane / VALUE_QUADS; position < end; position += TEAMS) {
    let value = cached_value(cache_row(position), group, lane % VALUE_QUADS);
    let at = (position - base) * WEIGHTS_STRIDE;
    for (var h = 0u; h < HEAD_TILE; h++) { sums[h] += weights[at + h] * value; }
  }
}

// Sums over the teams one half of every quad, found in `parts`, and writes it.
fn write_half(work: Work, split: u32, half: u32, lane: u32) {
  for (var i = lane; i < work.heads * VALUE_QUADS; i += WORKGROUP) {
    let h = i / VALUE_QUADS;
    let pair = i % VALUE_QUADS * 2 + half;
    var sum = vec2<f32>();
    for (var team = 0u; team < TEAMS; team++) {
      sum += parts[h * WORKGROUP + team * VALUE_QUADS + i % VALUE_QUADS];
    }
    if pair < VALUE / 2 { output[partial_at(work.row, work.head + h, split) + pair] = sum; }
  }
}

fn write_sums(work: Work, split: u32, lane: u32) {
  for (var h = 0u; h < HEAD_TILE; h++) { parts[h * WORKGROUP + lane] = sums[h].xy; }
  workgroupBarrier();
  write_half(work, split, 0, lane);
  workgroupBarrier();
  for (var h = 0u; h < HEAD_TILE; h++) { parts[h * WORKGROUP + lane] = sums[h].zw; }
  workgroupBarrier();
  write_half(work, split, 1, lane);
}

fn attend_split(first: u32, end: u32, row: u32, group: u32, first_head: u32, split: u32, lane: u32) {
  let work = Work(row, group, group * GROUP + first_head, min(HEAD_TILE, GROUP - first_head));
  stage_queries(work, lane);
  workgroupBarrier();
  var softmax = vec2<f32>(LOWEST, 0.0);
  for (var base = first; base < end; base += KEY_TILE) {
    let tile_end = min(base + KEY_TILE, end);
    multiply(base, tile_end, group, lane);
    workgroupBarrier();
    softmax = update_softmax(softmax, sum_scores(base, tile_end, lane), lane);
    accumulate(base, tile_end, group, lane);
  }
  write_sums(work, split, lane);
  let h = lane / LANES_PER_QUERY;
  if lane % LANES_PER_QUERY == 0 && h < work.heads {
    output[partial_at(row, work.head + h, split) + VALUE / 2] = softmax;
  }
}
