// attention/spread – TILE rows that look at the same keys, over tiles of 128 keys, by a workgroup of 8, where a CPU plays the GPU: see linear/spread
//
// `attend` goes over positions first to end - 1, first a multiple of 4, as attention/prefill_tile says. The kernel defines key_quad, value_quad
// and place_of as for that; places of four neighbouring positions from a multiple of 4 on follow each other.
//
// What a row is, a module says (spread_tokens, spread_latents, spread_group): there are rows_end() of them, row_query(row, head, quad) is the
// query of one, it sees positions up to seen_until(row), its sums lie in `output` from sums_at(row, head) on, in pairs, from one tile to the
// next. How rows are loaded, and of how many an invocation keeps the softmax (OWN), say spread_1, spread_4 and spread_8.

const WORKGROUP: u32 = 8;
const KEYS: u32 = 128;        // at a time
const WEIGHTS_ROW: u32 = 33;  // quads from one query's weights to the next's
const LOWEST = -1e30;         // below every score, and finite

override VALUE_QUADS: u32 = (VALUE + 3) / 4;

var<workgroup> weights: array<vec4<f32>, TILE * WEIGHTS_ROW>; // scores, then softmax numerators: [queries, keys]
var<workgroup> factors: array<vec2<f32>, TILE>;    // by which each query's earlier sums shrink, and all are divided in the end
var<private> softmax: array<vec2<f32>, OWN>;       // largest score and Σ p so far, of queries lane and lane + 8
var<private> tile_sums: Sums;

// Of four neighbouring positions from a multiple of 4 on; the last one again in place of those from `end` on.
fn places_of(position: u32, end: u32) -> vec4<u32> {
  let first = min(position, end - 1);
  return place_of(first) + min(vec4<u32>(0, 1, 2, 3), vec4<u32>(end - 1 - first));
}

// Leaves scores in `weights`, LOWEST where a query may not look: each invocation those of four keys in 32.
fn score(base: u32, end: u32, row0: u32, head: u32, lane: u32) {
  let places = own_places();
  for (var first = base; first < end; first += 32) {
    let key = first + 4 * lane;
    let at = places_of(key, end);
    var sums = Sums();
    for (var quad = 0u; quad < KEY_QUADS * one(); quad++) {
      let keys = transpose(mat4x4<f32>(
        key_quad(at.x, head, quad), key_quad(at.y, head, quad), key_quad(at.z, head, quad), key_quad(at.w, head, quad)));
      add_rows(&sums, keys, own_queries(places, row0, head, quad));
    }
    tile_sums = sums;
    for (var q = 0u; q < TILE * one(); q++) {
      let visible = vec4<u32>(key, key + 1, key + 2, key + 3) <= vec4<u32>(seen_until(row0 + q));
      weights[q * WEIGHTS_ROW + key / 4 - base / 4] = select(vec4<f32>(LOWEST), SCALE * tile_sums[q], visible);
    }
  }
  workgroupBarrier();
}

// Leaves softmax numerators in `weights`; `ends`: no more keys will come.
fn soften(quads: u32, ends: bool, lane: u32) {
  for (var i = 0u; i < OWN * one() && lane + 8 * i < TILE; i++) {
    let first = (lane + 8 * i) * WEIGHTS_ROW;
    let before = softmax[i];
    var most = vec4<f32>(before.x);
    for (var at = first; at < first + quads; at++) { most = max(most, weights[at]); }
    let largest = max(max(most.x, most.y), max(most.z, most.w));
    var sum = vec4<f32>();
    for (var at = first; at < first + quads; at++) {
      let p = exp(weights[at] - largest);
      weights[at] = p;
      sum += p;
    }
    let fade = exp(before.x - largest);
    let total = before.y * fade + sum.x + sum.y + sum.z + sum.w;
    softmax[i] = vec2<f32>(largest, total);
    factors[lane + 8 * i] = vec2<f32>(fade, select(1.0, 1.0 / total, ends));
  }
  workgroupBarrier();
}

// Adds Σ p·v to `output`, or begins it: each invocation a quad of columns in eight.
fn accumulate(base: u32, end: u32, row0: u32, head: u32, begun: bool, lane: u32) {
  let places = own_places();
  let quads = (end - base + 3) / 4;
  for (var first = 0u; first < VALUE_QUADS * one(); first += WORKGROUP) {
    let own = min(first + lane, VALUE_QUADS - 1);
    var sums = Sums();
    for (var quad = 0u; quad < quads; quad++) {
      let at = places_of(base + 4 * quad, end);
      let values = mat4x4<f32>(
        value_quad(at.x, head, own), value_quad(at.y, head, own), value_quad(at.z, head, own), value_quad(at.w, head, own));
      add_rows(&sums, values, own_weights(places, quad));
    }
    tile_sums = sums;
    for (var q = 0u; q < TILE * one(); q++) {
      if row0 + q < rows_end() && first + lane < VALUE_QUADS { add_sums(row0 + q, head, own, factors[q], tile_sums[q], begun); }
    }
  }
  workgroupBarrier();
}

fn add_sums(row: u32, head: u32, quad: u32, factor: vec2<f32>, sums: vec4<f32>, begun: bool) {
  let at = sums_at(row, head) + 2 * quad;
  let second = 4 * quad + 2 < VALUE;
  var all = sums;
  if begun { all += factor.x * vec4<f32>(output[at], 0, 0); }
  if begun && second { all += factor.x * vec4<f32>(0, 0, output[at + 1]); }
  all *= factor.y;
  output[at] = all.xy;
  if second { output[at + 1] = all.zw; }
}

fn attend(first: u32, end: u32, row0: u32, head: u32, begun: bool, last: bool, lane: u32) {
  for (var i = 0u; i < OWN; i++) {
    softmax[i] = vec2<f32>(LOWEST, 0.0);
    if begun && row0 + lane + 8 * i < rows_end() { softmax[i] = kept(row0 + lane + 8 * i, head); }
  }
  for (var base = first; base < end; base += KEYS) {
    let stop = min(base + KEYS, end);
    score(base, stop, row0, head, lane);
    soften((stop - base + 31) / 32 * 8, last && stop == end, lane);
    accumulate(base, stop, row0, head, begun || base > first, lane);
  }
  for (var i = 0u; i < OWN; i++) {
    if lane + 8 * i < TILE && row0 + lane + 8 * i < rows_end() { keep(row0 + lane + 8 * i, head, softmax[i]); }
  }
}
