// mla_tile – attention of 16 heads over one split, through workgroup memory: the core of mla_decode
//
// Each KV entry is staged once for all 16 heads. The kernel defines HEADS, LATENT, KV_ENTRY, SPLITS, SCALE,
// the bindings of mla_decode, absorbed_quad(row, head, quad), and partial_at(row, head, split): where a
// head's partial result begins, in pairs. In uniform control flow it calls
//   attend_split(first, end, row, head0, split, lane)
// for positions first to end - 1, first a multiple of 4. An entry has at most 576 numbers
// (4 * QUADS * LANES).

// The heads of the tile are divided among 4 groups of LANES invocations. An invocation owns every LANES-th
// quad of columns for the 4 heads of its group, so each number it reads from a staged entry is used four
// times.
const GROUPS: u32 = 4;
const LANES: u32 = 48;
const WORKGROUP: u32 = GROUPS * LANES;
const QUADS: u32 = 3; // at most, of an invocation
// Quads per invocation that an entry of this size needs
override OWN_QUADS: u32 = min(QUADS, (KV_ENTRY_QUADS + LANES - 1) / LANES);
const PARTS: u32 = 8; // invocations that sum one group's scores
const LOWEST = -1e30; // below every score, and finite

var<workgroup> tile: array<vec4<f32>, 2 * KV_ENTRY_QUADS>; // two entries
// Partial scores of 4 heads: [2 entries, GROUPS, LANES]
var<workgroup> score_parts: array<vec4<f32>, 2 * WORKGROUP>;
var<workgroup> scores: array<vec4<f32>, 2 * GROUPS * PARTS>;
// Per group: factor on earlier sums, p of the first entry, p of the second
var<workgroup> weights: array<vec4<f32>, 3 * GROUPS>;
// A column for each head: its query, and the sums of p times latent
var<private> query: array<mat4x4<f32>, QUADS>;
var<private> sums: array<mat4x4<f32>, QUADS>;

fn load_query(row: u32, head: u32, column_lane: u32) {
  for (var i = 0u; i < OWN_QUADS; i++) {
    for (var h = 0u; h < 4; h++) {
      query[i][h] = SCALE * absorbed_quad(row, head + h, LANES * i + column_lane);
    }
  }
}

// Stages the entries of `first` and the next position; zeros from `end` on and in the padding of the last
// quad.
fn stage(first: u32, end: u32, lane: u32) {
  for (var i = lane; i < 2 * KV_ENTRY_QUADS; i += WORKGROUP) {
    let position = first + i / KV_ENTRY_QUADS;
    let pair = 2 * (i % KV_ENTRY_QUADS);
    var quad = vec4<f32>();
    if position < end { quad = kv_quad(cache_row(position), pair, KV_ENTRY / 2); }
    tile[i] = quad;
  }
}

fn multiply(lane: u32) {
  var first = vec4<f32>();
  var second = vec4<f32>();
  for (var i = 0u; i < OWN_QUADS; i++) {
    let at = LANES * i + lane % LANES;
    if at < KV_ENTRY_QUADS {
      first += tile[at] * query[i];
      second += tile[KV_ENTRY_QUADS + at] * query[i];
    }
  }
  score_parts[lane] = first;
  score_parts[WORKGROUP + lane] = second;
}

// Sums the partial scores into PARTS parts, which update_softmax adds up.
fn sum_scores(lane: u32) {
  if lane >= 2 * GROUPS * PARTS { return; }
  let first = lane / PARTS * LANES;
  var sum = vec4<f32>();
  for (var i = first + lane % PARTS; i < first + LANES; i += PARTS) { sum += score_parts[i]; }
  scores[lane] = sum;
}

// Online softmax of a group's 4 heads, kept by one invocation: largest scores and Σ p so far.
struct Softmax { largest: vec4<f32>, total: vec4<f32> }

fn update_softmax(before: Softmax, group: u32, both: bool) -> Softmax {
  var first = vec4<f32>();
  var second = vec4<f32>();
  for (var i = PARTS * group; i < PARTS * (group + 1); i++) {
    first += scores[i];
    second += scores[GROUPS * PARTS + i];
  }
  second = select(vec4<f32>(LOWEST), second, both);
  let largest = max(before.largest, max(first, second));
  let rescale = exp(before.largest - largest);
  first = exp(first - largest);
  second = exp(second - largest);
  weights[3 * group] = rescale;
  weights[3 * group + 1] = first;
  weights[3 * group + 2] = second;
  return Softmax(largest, before.total * rescale + first + second);
}

fn accumulate(lane: u32) {
  let rescale = weights[lane / LANES * 3];
  let first_p = weights[lane / LANES * 3 + 1];
  let second_p = weights[lane / LANES * 3 + 2];
  for (var i = 0u; i < OWN_QUADS; i++) {
    let at = LANES * i + lane % LANES;
    if 4 * at < LATENT {
      let first = tile[at];
      let second = tile[KV_ENTRY_QUADS + at];
      for (var h = 0u; h < 4; h++) {
        sums[i][h] = rescale[h] * sums[i][h] + first_p[h] * first + second_p[h] * second;
      }
    }
  }
}

// `at`: where the partial result of the group's first head begins.
fn write_sums(at: u32, heads: u32, column_lane: u32) {
  for (var i = 0u; i < OWN_QUADS; i++) {
    let quad = LANES * i + column_lane;
    for (var h = 0u; h < 4; h++) {
      let into = at + h * SPLITS * (LATENT / 2 + 1) + 2 * quad;
      if h < heads && 4 * quad < LATENT { output[into] = sums[i][h].xy; }
      if h < heads && 4 * quad + 2 < LATENT { output[into + 1] = sums[i][h].zw; }
    }
  }
}

fn attend_split(first: u32, end: u32, row: u32, head0: u32, split: u32, lane: u32) {
  let head = head0 + 4 * (lane / LANES);
  load_query(row, head, lane % LANES);
  var softmax = Softmax(vec4<f32>(LOWEST), vec4<f32>());
  for (var base = first; base < end; base += 2) {
    stage(base, end, lane);
    workgroupBarrier();
    multiply(lane);
    workgroupBarrier();
    sum_scores(lane);
    workgroupBarrier();
    if lane < GROUPS { softmax = update_softmax(softmax, lane, base + 1 < end); }
    workgroupBarrier();
    accumulate(lane);
    workgroupBarrier();
  }
  if head < HEADS { write_sums(partial_at(row, head, split), HEADS - head, lane % LANES); }
  for (var h = 0u; h < 4; h++) {
    let own_head = head0 + 4 * lane + h;
    if lane < GROUPS && own_head < HEADS {
      output[partial_at(row, own_head, split) + LATENT / 2] = vec2<f32>(softmax.largest[h], softmax.total[h]);
    }
  }
}
