// latent_attend – attention of a tile of heads to one split of the cached latents, without ever expanding keys or values (decode)
//
//   step      Step                                          uniform
//   absorbed  f32  [tokens, HEADS * (LATENT + ROPE)]        read
//   pages     u32  [pages]                                  read
//   cache     u32  [rows, RECORD]                           read
//   partial   f32  [tokens, HEADS, SPLITS, LATENT + 2]      read_write
//
//   grid    splits in use × ceil(HEADS / 16) × rows; workgroups of 256
//   exact   f32 scores, softmax and sums in a fixed order
//
// Row t sees the positions up to step.position + t. A split leaves Σ p·ĉ, not yet divided, then the largest score and Σ p;
// a split that a row sees nothing of leaves Σ p = 0. Records hold at most 576 numbers (QUADS * 4 * LANES).

#import shared/step
#import shared/pages
#import cache

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> absorbed: array<f32>;
@group(0) @binding(2) var<storage, read> pages: array<u32>;
@group(0) @binding(3) var<storage, read> cache: array<u32>;
@group(0) @binding(4) var<storage, read_write> partial: array<f32>;

override HEADS: u32;
override LATENT: u32;
override ROPE: u32;
override SPLITS: u32;
override SCALE: f32;
override RECORD: u32 = LATENT + ROPE;

const HEAD_TILE: u32 = 16; // heads that share each staged record
const LANES: u32 = 16;     // invocations of one head; each owns every 16th quad of columns
const WORKGROUP: u32 = HEAD_TILE * LANES;
const QUADS: u32 = 9;      // that one invocation keeps in registers
const TILE: u32 = 4;       // records staged at a time: one component of a vec4 each
const LOWEST = -1e30;      // below every score, and finite

override TILE_QUADS: u32 = (RECORD + 3) / 4; // of one staged record
var<workgroup> tile: array<vec4<f32>, TILE * TILE_QUADS>;
var<workgroup> products: array<vec4<f32>, WORKGROUP>;
var<private> query: array<vec4<f32>, QUADS>;
var<private> value: array<vec4<f32>, QUADS>;

fn load_query(row: u32, head: u32, place: u32) {
  let at = row * ((HEADS * RECORD + 15) / 16 * 16) + head * RECORD;
  for (var i = 0u; i < QUADS; i++) {
    var quad = vec4<f32>();
    for (var j = 0u; j < 4; j++) {
      let column = 4 * (LANES * i + place) + j;
      if head < HEADS && column < RECORD { quad[j] = SCALE * absorbed[at + column]; }
    }
    query[i] = quad;
  }
}

// Records from `first` on, zeros from `end` on and in the columns that fill up the last quad.
fn stage(first: u32, end: u32, lane: u32) {
  for (var i = lane; i < TILE * TILE_QUADS; i += WORKGROUP) {
    let position = first + i / TILE_QUADS;
    let pair = 2 * (i % TILE_QUADS);
    var quad = vec4<f32>();
    if position < end {
      let row = cache_row(position);
      quad = vec4<f32>(cache_load(row, pair), 0, 0);
      if pair + 1 < RECORD / 2 { quad = vec4<f32>(quad.xy, cache_load(row, pair + 1)); }
    }
    tile[i] = quad;
  }
}

// This invocation's share of the scores of the four staged records.
fn multiply(place: u32) -> vec4<f32> {
  var sums = vec4<f32>();
  for (var i = 0u; i < QUADS; i++) {
    let at = LANES * i + place;
    if at < TILE_QUADS {
      sums += vec4<f32>(dot(query[i], tile[at]), dot(query[i], tile[TILE_QUADS + at]),
        dot(query[i], tile[2 * TILE_QUADS + at]), dot(query[i], tile[3 * TILE_QUADS + at]));
    }
  }
  return sums;
}

fn accumulate(p: vec4<f32>, fade: f32, place: u32) {
  for (var i = 0u; i < QUADS; i++) {
    let at = LANES * i + place;
    if 4 * at < LATENT {
      value[i] = fade * value[i] + p.x * tile[at] + p.y * tile[TILE_QUADS + at]
        + p.z * tile[2 * TILE_QUADS + at] + p.w * tile[3 * TILE_QUADS + at];
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let head = HEAD_TILE * group.y + lane / LANES;
  let place = lane % LANES;
  let first = group.x * step.split;
  let end = min(first + step.split, step.position + group.z + 1);
  load_query(group.z, head, place);
  var largest = f32(LOWEST);
  var total = 0.0;
  for (var base = first; base < end; base += TILE) {
    stage(base, end, lane);
    workgroupBarrier();
    products[lane] = multiply(place);
    workgroupBarrier();
    var scores = vec4<f32>();
    for (var i = 0u; i < LANES; i++) { scores += products[lane - place + i]; }
    scores = select(vec4<f32>(LOWEST), scores, base + vec4<u32>(0, 1, 2, 3) < vec4<u32>(end));
    let larger = max(max(max(scores.x, scores.y), max(scores.z, scores.w)), largest);
    let fade = exp(largest - larger);
    let p = exp(scores - larger);
    accumulate(p, fade, place);
    total = total * fade + (p.x + p.y + p.z + p.w);
    largest = larger;
    workgroupBarrier();
  }
  if head >= HEADS { return; }
  let into = ((group.z * HEADS + head) * SPLITS + group.x) * (LATENT + 2);
  for (var i = 0u; i < QUADS; i++) {
    for (var j = 0u; j < 4; j++) {
      let column = 4 * (LANES * i + place) + j;
      if column < LATENT { partial[into + column] = value[i][j]; }
    }
  }
  if place == 0 {
    partial[into + LATENT] = largest;
    partial[into + LATENT + 1] = total;
  }
}
