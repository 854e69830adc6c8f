// attention/spread_heads – rows that are heads of one token, all of which look at the same latents: attend_split, as attention/attend_tile says
//
// A record is read for the scores of its heads and, out of the CPU's cache, once more for their sums.

override VALUE: u32 = LATENT;
override KEY_QUADS: u32 = (RECORD + 3) / 4;

var<private> token: u32;
var<private> last_seen: u32;
var<private> own_split: u32;

fn rows_end() -> u32 { return HEADS; }

fn seen_until(row: u32) -> u32 { return last_seen; }

fn sums_at(row: u32, head: u32) -> u32 { return partial_at(token, row, own_split); }

fn query_quad(row: u32, head: u32, quad: u32) -> vec4<f32> {
  if row >= HEADS { return vec4<f32>(); }
  let at = (token * ((HEADS * RECORD + 15) / 16 * 16) + row * RECORD) / 2 + 2 * quad;
  if 4 * quad + 2 >= RECORD { return vec4<f32>(absorbed[at], 0, 0); }
  return vec4<f32>(absorbed[at], absorbed[at + 1]);
}

fn place_of(position: u32) -> u32 { return cache_row(position); }

fn key_quad(place: u32, head: u32, quad: u32) -> vec4<f32> { return record_quad(place, 2 * quad, RECORD / 2); }

fn value_quad(place: u32, head: u32, quad: u32) -> vec4<f32> { return record_quad(place, 2 * quad, LATENT / 2); }

fn kept(row: u32, head: u32) -> vec2<f32> { return vec2<f32>(); }

fn keep(row: u32, head: u32, softmax: vec2<f32>) { output[sums_at(row, head) + LATENT / 2] = softmax; }

fn attend_split(first: u32, end: u32, row: u32, head0: u32, split: u32, lane: u32) {
  token = row;
  last_seen = end - 1;
  own_split = split;
  if first < end {
    attend(first, end, head0, 0, false, false, lane);
    return;
  }
  for (var head = head0; head < min(head0 + TILE, HEADS); head++) {
    for (var pair = lane; pair < LATENT / 2; pair += WORKGROUP) { output[sums_at(head, 0) + pair] = vec2<f32>(); }
    if lane == 0 { keep(head, 0, vec2<f32>(LOWEST, 0.0)); }
  }
}
