// attention/members_tile – heads of a group over one split of their keys and values, each read once for all of them: the core of heads_attend
//
// The kernel defines HEADS, SPLITS, SCALE, the bindings of heads_attend, and where the partial result of a head lies:
// partial_at(row, head, split), in pairs. In uniform control flow it calls
//   attend_split(first, end, row, group, first_head, split, lane)
// for positions first to end - 1, first a multiple of 4, and heads of the group from first_head on. HEAD_TILE is at most 8 and 1024 / KEY.

#import attention/softmax

override VALUE_QUADS: u32 = (VALUE + 3) / 4;
override TEAMS: u32 = WORKGROUP / VALUE_QUADS; // of VALUE_QUADS invocations, a quad of columns each, that share the positions

const WORKGROUP: u32 = 128;
const SHARERS: u32 = 16;
const WEIGHTS_ROW: u32 = 9;
const TILE: u32 = 64;  // positions at a time
const LANES: u32 = 4;  // invocations that share the keys of two positions, a quad of columns in turn

var<workgroup> staged: array<vec4<f32>, HEAD_TILE * KEY_QUADS>;
var<workgroup> products: array<vec2<f32>, HEAD_TILE * WORKGROUP>; // shares of two scores for each head; in the end, of its sums
var<private> sums: array<vec4<f32>, 8>;                           // of each head, in this invocation's quad of columns

// What a workgroup works on: a row, a group's key and value, and some of its heads.
struct Work { row: u32, group: u32, head: u32, heads: u32 }

fn stage_queries(work: Work, lane: u32) {
  for (var i = lane; i < work.heads * KEY_QUADS; i += WORKGROUP) {
    staged[i] = SCALE * query_quad(work.row, work.head + i / KEY_QUADS, i % KEY_QUADS);
  }
}

// An invocation's share of the scores of two neighbouring positions.
fn multiply(base: u32, end: u32, group: u32, lane: u32) {
  let position = base + lane / LANES * 2;
  let first = cache_row(min(position, end - 1));
  let second = cache_row(min(position + 1, end - 1));
  let quads = select(0, KEY_QUADS, position < end);
  var scores: array<vec2<f32>, 8>;
  for (var quad = lane % LANES; quad < quads; quad += LANES) {
    let k = cached_key(first, group, quad);
    let l = cached_key(second, group, quad);
    for (var h = 0u; h < HEAD_TILE; h++) {
      let q = staged[h * KEY_QUADS + quad];
      scores[h] += vec2<f32>(dot(q, k), dot(q, l));
    }
  }
  for (var h = 0u; h < HEAD_TILE; h++) { products[h * WORKGROUP + lane] = scores[h]; }
}

// The scores of the four positions whose softmax this invocation shares in; LOWEST from `end` on.
fn gather(base: u32, end: u32, lane: u32) -> vec4<f32> {
  let position = base + 4 * (lane % SHARERS);
  var scores = vec4<f32>();
  if lane / SHARERS < HEAD_TILE {
    let at = lane / SHARERS * WORKGROUP + lane % SHARERS * 2 * LANES;
    for (var i = at; i < at + LANES; i++) { scores += vec4<f32>(products[i], products[i + LANES]); }
  }
  return select(vec4<f32>(LOWEST), scores, position + vec4<u32>(0, 1, 2, 3) < vec4<u32>(end));
}

fn accumulate(base: u32, end: u32, group: u32, lane: u32) {
  for (var h = 0u; h < HEAD_TILE; h++) { sums[h] *= factors[h]; }
  if lane / VALUE_QUADS >= TEAMS { return; }
  for (var position = base + lane / VALUE_QUADS; position < end; position += TEAMS) {
    let value = cached_value(cache_row(position), group, lane % VALUE_QUADS);
    let at = (position - base) * WEIGHTS_ROW;
    for (var h = 0u; h < HEAD_TILE; h++) { sums[h] += weights[at + h] * value; }
  }
}

// Adds up what the teams left of one half of every quad in `products`, and writes it.
fn write_half(work: Work, split: u32, half: u32, lane: u32) {
  for (var i = lane; i < work.heads * VALUE_QUADS; i += WORKGROUP) {
    let h = i / VALUE_QUADS;
    let pair = i % VALUE_QUADS * 2 + half;
    var sum = vec2<f32>();
    for (var team = 0u; team < TEAMS; team++) { sum += products[h * WORKGROUP + team * VALUE_QUADS + i % VALUE_QUADS]; }
    if pair < VALUE / 2 { output[partial_at(work.row, work.head + h, split) + pair] = sum; }
  }
}

fn write_sums(work: Work, split: u32, lane: u32) {
  for (var h = 0u; h < HEAD_TILE; h++) { products[h * WORKGROUP + lane] = sums[h].xy; }
  workgroupBarrier();
  write_half(work, split, 0, lane);
  workgroupBarrier();
  for (var h = 0u; h < HEAD_TILE; h++) { products[h * WORKGROUP + lane] = sums[h].zw; }
  workgroupBarrier();
  write_half(work, split, 1, lane);
}

fn attend_split(first: u32, end: u32, row: u32, group: u32, first_head: u32, split: u32, lane: u32) {
  let work = Work(row, group, group * GROUP + first_head, min(HEAD_TILE, GROUP - first_head));
  stage_queries(work, lane);
  workgroupBarrier();
  var softmax = vec2<f32>(LOWEST, 0.0);
  for (var base = first; base < end; base += TILE) {
    let tile_end = min(base + TILE, end);
    multiply(base, tile_end, group, lane);
    workgroupBarrier();
    softmax = soften(softmax, gather(base, tile_end, lane), lane);
    accumulate(base, tile_end, group, lane);
  }
  write_sums(work, split, lane);
  let h = lane / SHARERS;
  if lane % SHARERS == 0 && h < work.heads { output[partial_at(row, work.head + h, split) + VALUE / 2] = softmax; }
}
