// broadcast_heads – the rows of subgroup_broadcast_tile in decode: heads of one token, over one split
//
// The modules broadcast_mla_heads and broadcast_gqa_heads define which heads.

var<private> token: u32;
var<private> last_position: u32;
var<private> own_split: u32;

fn last_visible(row: u32) -> u32 { return last_position; }

fn cache_index(position: u32) -> u32 { return cache_row(position); }

fn load_softmax(row: u32, head: u32) -> vec2<f32> { return vec2<f32>(); }

fn store_softmax(row: u32, head: u32, softmax: vec2<f32>) {
  output[sums_at(row, head) + VALUE / 2] = softmax;
}

// As attend_split, for the rows from row0 on.
fn attend_heads(first: u32, end: u32, token_row: u32, head: u32, row0: u32, split: u32, lane: u32) {
  token = token_row;
  last_position = end - 1;
  own_split = split;
  if first < end {
    attend(first, end, row0, head, false, false, lane);
    return;
  }
  for (var row = row0; row < min(row0 + TILE, rows_end()); row++) {
    for (var pair = lane; pair < VALUE / 2; pair += WORKGROUP) {
      output[sums_at(row, head) + pair] = vec2<f32>();
    }
    if lane == 0 { store_softmax(row, head, vec2<f32>(LOWEST, 0.0)); }
  }
}
