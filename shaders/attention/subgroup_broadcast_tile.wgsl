// subgroup_broadcast_tile – attention of TILE rows to the same keys by 8 invocations, for software adapters
//
// Works like linear/subgroup_broadcast_tile, over KEY_TILE keys at a time. `attend` takes positions first to
// end - 1, first a multiple of 4, and its other parameters as in attention/prefill_tile. The kernel defines
// key_quad, value_quad and cache_index as for that module; the indices of four positions from a multiple of 4
// on must be consecutive.
//
// A module defines what a row is (broadcast_tokens, broadcast_mla_heads, broadcast_gqa_heads): rows_end(),
// their number; row_query(row, head, quad), a row's query; last_visible(row), the last position it sees;
// sums_at(row, head), where its sums begin in `output`, in pairs, kept there from one tile to the next. The
// modules subgroup_broadcast_1, _4 and _8 define how rows are loaded, and QUERIES_PER_LANE: the queries whose
// softmax an invocation keeps.

const WORKGROUP: u32 = 8;
const KEY_TILE: u32 = 128;      // keys at a time
const WEIGHTS_STRIDE: u32 = 33; // quads from one query's weights to the next's
const LOWEST = -1e30;           // below every score, and finite

override VALUE_QUADS: u32 = (VALUE + 3) / 4;

// Scores, then softmax numerators: [queries, keys]
var<workgroup> weights: array<vec4<f32>, TILE * WEIGHTS_STRIDE>;
var<workgroup> factors: array<vec2<f32>, TILE>; // per query: factor on earlier sums, and final factor
// Largest score and Σ p so far of queries lane and lane + 8
var<private> softmax: array<vec2<f32>, QUERIES_PER_LANE>;
var<private> tile_sums: Sums;

// Cache indices of four positions from a multiple of 4 on; from `end` on, the last one repeats.
fn cache_indices(position: u32, end: u32) -> vec4<u32> {
  let first = min(position, end - 1);
  return cache_index(first) + min(vec4<u32>(0, 1, 2, 3), vec4<u32>(end - 1 - first));
}

// Leaves scores in `weights`, LOWEST where masked. Each invocation computes those of four keys in every 32.
fn score(base: u32, end: u32, row0: u32, head: u32, lane: u32) {
  let row_indices = own_row_indices();
  for (var first = base; first < end; first += 32) {
    let key = first + 4 * lane;
    let at = cache_indices(key, end);
    var sums = Sums();
    for (var quad = 0u; quad < KEY_QUADS * opaque_one(); quad++) {
      let keys = transpose(mat4x4<f32>(
        key_quad(at.x, head, quad), key_quad(at.y, head, quad),
        key_quad(at.z, head, quad), key_quad(at.w, head, quad)));
      add_rows(&sums, keys, own_queries(row_indices, row0, head, quad));
    }
    tile_sums = sums;
    for (var q = 0u; q < TILE * opaque_one(); q++) {
      let visible = vec4<u32>(key, key + 1, key + 2, key + 3) <= vec4<u32>(last_visible(row0 + q));
      weights[q * WEIGHTS_STRIDE + key / 4 - base / 4] = select(
        vec4<f32>(LOWEST), SCALE * tile_sums[q], visible);
    }
  }
  workgroupBarrier();
}

// Leaves softmax numerators in `weights`. `last`: no more keys follow.
fn update_softmax(quads: u32, last: bool, lane: u32) {
  for (var i = 0u; i < QUERIES_PER_LANE * opaque_one() && lane + 8 * i < TILE; i++) {
    let first = (lane + 8 * i) * WEIGHTS_STRIDE;
    let before = softmax[i];
    var largest4 = vec4<f32>(before.x);
    for (var at = first; at < first + quads; at++) { largest4 = max(largest4, weights[at]); }
    let largest = max(max(largest4.x, largest4.y), max(largest4.z, largest4.w));
    var sum = vec4<f32>();
    for (var at = first; at < first + quads; at++) {
      let p = exp(weights[at] - largest);
      weights[at] = p;
      sum += p;
    }
    let rescale = exp(before.x - largest);
    let total = before.y * rescale + sum.x + sum.y + sum.z + sum.w;
    softmax[i] = vec2<f32>(largest, total);
    factors[lane + 8 * i] = vec2<f32>(rescale, select(1.0, 1.0 / total, last));
  }
  workgroupBarrier();
}

// Adds Σ p·v to `output`, or starts it. Each invocation computes every eighth quad of columns.
fn accumulate(base: u32, end: u32, row0: u32, head: u32, resume: bool, lane: u32) {
  let row_indices = own_row_indices();
  let quads = (end - base + 3) / 4;
  for (var first = 0u; first < VALUE_QUADS * opaque_one(); first += WORKGROUP) {
    let own = min(first + lane, VALUE_QUADS - 1);
    var sums = Sums();
    for (var quad = 0u; quad < quads; quad++) {
      let at = cache_indices(base + 4 * quad, end);
      let values = mat4x4<f32>(
        value_quad(at.x, head, own), value_quad(at.y, head, own),
        value_quad(at.z, head, own), value_quad(at.w, head, own));
      add_rows(&sums, values, own_weights(row_indices, quad));
    }
    tile_sums = sums;
    for (var q = 0u; q < TILE * opaque_one(); q++) {
      if row0 + q < rows_end() && first + lane < VALUE_QUADS {
        add_sums(row0 + q, head, own, factors[q], tile_sums[q], resume);
      }
    }
  }
  workgroupBarrier();
}

fn add_sums(row: u32, head: u32, quad: u32, factor: vec2<f32>, sums: vec4<f32>, resume: bool) {
  let at = sums_at(row, head) + 2 * quad;
  let second = 4 * quad + 2 < VALUE;
  var all = sums;
  if resume { all += factor.x * vec4<f32>(output[at], 0, 0); }
  if resume && second { all += factor.x * vec4<f32>(0, 0, output[at + 1]); }
  all *= factor.y;
  output[at] = all.xy;
  if second { output[at + 1] = all.zw; }
}

fn attend(first: u32, end: u32, row0: u32, head: u32, resume: bool, last: bool, lane: u32) {
  for (var i = 0u; i < QUERIES_PER_LANE; i++) {
    softmax[i] = vec2<f32>(LOWEST, 0.0);
    if resume && row0 + lane + 8 * i < rows_end() { softmax[i] = load_softmax(row0 + lane + 8 * i, head); }
  }
  for (var base = first; base < end; base += KEY_TILE) {
    let stop = min(base + KEY_TILE, end);
    score(base, stop, row0, head, lane);
    update_softmax((stop - base + 31) / 32 * 8, last && stop == end, lane);
    accumulate(base, stop, row0, head, resume || base > first, lane);
  }
  for (var i = 0u; i < QUERIES_PER_LANE; i++) {
    if lane + 8 * i < TILE && row0 + lane + 8 * i < rows_end() {
      store_softmax(row0 + lane + 8 * i, head, softmax[i]);
    }
  }
}
