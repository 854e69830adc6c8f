// attention/spread_heads – rows that are heads of one token, over one split of the context (decode)
//
// A module says which heads: spread_latents, spread_group.

var<private> token: u32;
var<private> last_seen: u32;
var<private> own_split: u32;

fn seen_until(row: u32) -> u32 { return last_seen; }

fn place_of(position: u32) -> u32 { return cache_row(position); }

fn kept(row: u32, head: u32) -> vec2<f32> { return vec2<f32>(); }

fn keep(row: u32, head: u32, softmax: vec2<f32>) { output[sums_at(row, head) + VALUE / 2] = softmax; }

// As attend_split of the kernel's module, for the rows from row0 on.
fn attend_heads(first: u32, end: u32, token_row: u32, head: u32, row0: u32, split: u32, lane: u32) {
  token = token_row;
  last_seen = end - 1;
  own_split = split;
  if first < end {
    attend(first, end, row0, head, false, false, lane);
    return;
  }
  for (var row = row0; row < min(row0 + TILE, rows_end()); row++) {
    for (var pair = lane; pair < VALUE / 2; pair += WORKGROUP) { output[sums_at(row, head) + pair] = vec2<f32>(); }
    if lane == 0 { keep(row, head, vec2<f32>(LOWEST, 0.0)); }
  }
}
