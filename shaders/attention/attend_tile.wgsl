// attention/attend_tile – 16 heads over one split of the latents, each record staged once for all of them: the core of latent_attend
//
// The kernel defines HEADS, LATENT, RECORD, SPLITS, SCALE, the bindings of latent_attend, absorbed_quad(row, head, quad), and where the partial result of a head lies:
// partial_at(row, head, split), in pairs. In uniform control flow it calls
//   attend_split(first, end, row, head0, split, lane)
// for positions first to end - 1, first a multiple of 4. Records hold at most 576 numbers (4 * QUADS * LANES).

// The heads of the tile are shared out among 4 groups of LANES invocations. An invocation owns every LANES-th quad of columns
// for the 4 heads of its group, so that each number it takes from a staged record is used four times.
const GROUPS: u32 = 4;
const LANES: u32 = 48;
const WORKGROUP: u32 = GROUPS * LANES;
const QUADS: u32 = 3;
override OWN_QUADS: u32 = min(QUADS, (RECORD_QUADS + LANES - 1) / LANES); // that a record of this size needs
const PARTS: u32 = 8;  // invocations that share the sum of one group's scores
const LOWEST = -1e30;  // below every score, and finite

var<workgroup> tile: array<vec4<f32>, 2 * RECORD_QUADS>;   // two records
var<workgroup> products: array<vec4<f32>, 2 * WORKGROUP>;  // shares of the scores: [2 records, GROUPS, LANES] of 4 heads
var<workgroup> scores: array<vec4<f32>, 2 * GROUPS * PARTS>;
var<workgroup> weights: array<vec4<f32>, 3 * GROUPS>;      // factor on earlier sums, p of the first record, p of the second
var<private> query: array<mat4x4<f32>, QUADS>;             // a column for each head
var<private> value: array<mat4x4<f32>, QUADS>;

fn load_query(row: u32, head: u32, place: u32) {
  for (var i = 0u; i < OWN_QUADS; i++) {
    for (var h = 0u; h < 4; h++) { query[i][h] = SCALE * absorbed_quad(row, head + h, LANES * i + place); }
  }
}

// The records of `first` and its neighbour; zeros from `end` on and in the columns that fill up the last quad.
fn stage(first: u32, end: u32, lane: u32) {
  for (var i = lane; i < 2 * RECORD_QUADS; i += WORKGROUP) {
    let position = first + i / RECORD_QUADS;
    let pair = 2 * (i % RECORD_QUADS);
    var quad = vec4<f32>();
    if position < end { quad = record_quad(cache_row(position), pair, RECORD / 2); }
    tile[i] = quad;
  }
}

fn multiply(lane: u32) {
  var first = vec4<f32>();
  var second = vec4<f32>();
  for (var i = 0u; i < OWN_QUADS; i++) {
    let at = LANES * i + lane % LANES;
    if at < RECORD_QUADS {
      first += tile[at] * query[i];
      second += tile[RECORD_QUADS + at] * query[i];
    }
  }
  products[lane] = first;
  products[WORKGROUP + lane] = second;
}

// Adds up the shares; part by part, then in `soften` all parts.
fn gather(lane: u32) {
  if lane >= 2 * GROUPS * PARTS { return; }
  let first = lane / PARTS * LANES;
  var sum = vec4<f32>();
  for (var i = first + lane % PARTS; i < first + LANES; i += PARTS) { sum += products[i]; }
  scores[lane] = sum;
}

// The running softmax of a group's 4 heads, by one invocation: largest scores and Σ p so far.
struct Softmax { largest: vec4<f32>, total: vec4<f32> }

fn soften(before: Softmax, group: u32, both: bool) -> Softmax {
  var first = vec4<f32>();
  var second = vec4<f32>();
  for (var i = PARTS * group; i < PARTS * (group + 1); i++) {
    first += scores[i];
    second += scores[GROUPS * PARTS + i];
  }
  second = select(vec4<f32>(LOWEST), second, both);
  let largest = max(before.largest, max(first, second));
  let fade = exp(before.largest - largest);
  first = exp(first - largest);
  second = exp(second - largest);
  weights[3 * group] = fade;
  weights[3 * group + 1] = first;
  weights[3 * group + 2] = second;
  return Softmax(largest, before.total * fade + first + second);
}

fn accumulate(lane: u32) {
  let fade = weights[lane / LANES * 3];
  let p = weights[lane / LANES * 3 + 1];
  let q = weights[lane / LANES * 3 + 2];
  for (var i = 0u; i < OWN_QUADS; i++) {
    let at = LANES * i + lane % LANES;
    if 4 * at < LATENT {
      let first = tile[at];
      let second = tile[RECORD_QUADS + at];
      for (var h = 0u; h < 4; h++) { value[i][h] = fade[h] * value[i][h] + p[h] * first + q[h] * second; }
    }
  }
}

// `at`: where the partial result of the group's first head begins.
fn write_values(at: u32, heads: u32, place: u32) {
  for (var i = 0u; i < OWN_QUADS; i++) {
    let quad = LANES * i + place;
    for (var h = 0u; h < 4; h++) {
      let into = at + h * SPLITS * (LATENT / 2 + 1) + 2 * quad;
      if h < heads && 4 * quad < LATENT { output[into] = value[i][h].xy; }
      if h < heads && 4 * quad + 2 < LATENT { output[into + 1] = value[i][h].zw; }
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
    gather(lane);
    workgroupBarrier();
    if lane < GROUPS { softmax = soften(softmax, lane, base + 1 < end); }
    workgroupBarrier();
    accumulate(lane);
    workgroupBarrier();
  }
  if head < HEADS { write_values(partial_at(row, head, split), HEADS - head, lane % LANES); }
  for (var h = 0u; h < 4; h++) {
    let softened = head0 + 4 * lane + h;
    if lane < GROUPS && softened < HEADS {
      output[partial_at(row, softened, split) + LATENT / 2] = vec2<f32>(softmax.largest[h], softmax.total[h]);
    }
  }
}
