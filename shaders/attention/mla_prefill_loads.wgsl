// mla_prefill_loads – loads quads of queries, keys and values for mla_prefill
//
// Zeros beyond the existing rows, positions and columns. Heads begin at even columns, not always at multiples
// of four, so a quad is two loads.

#import attention/rope_pairs
#import cache

fn query_at(row: u32, head: u32) -> u32 { return (row * Q_STRIDE + Q_OFFSET + head * (NOPE + ROPE)) / 2; }

fn expanded_at(position: u32, head: u32) -> u32 {
  return (position % BLOCK * ((HEADS * (NOPE + VALUE) + 15) / 16 * 16) + head * (NOPE + VALUE)) / 2;
}

// Columns 2 * pair to 2 * pair + 3 of a head, those before `end`. Keys are the first NOPE columns, values
// follow.
fn expanded_quad(position: u32, head: u32, pair: u32, end: u32) -> vec4<f32> {
  let at = expanded_at(position, head) + pair;
  if 2 * pair + 2 >= end { return vec4<f32>(expanded[at], 0, 0); }
  return vec4<f32>(expanded[at], expanded[at + 1]);
}

// `at`: where the head's rope part begins, in pairs.
fn query_rope(at: u32, pair: u32) -> vec2<f32> {
  let columns = pair_columns(pair);
  return vec2<f32>(query[at + columns.x / 2][columns.x % 2], query[at + columns.y / 2][columns.y % 2]);
}

// Quads of a query or key: NOPE_QUADS without rope, then the rope part pair by pair.
fn query_quad(row: u32, head: u32, quad: u32) -> vec4<f32> {
  if row >= step.tokens { return vec4<f32>(); }
  let at = query_at(row, head);
  if quad < NOPE_QUADS {
    let first = query[at + 2 * quad];
    if 4 * quad + 2 >= NOPE { return vec4<f32>(first, 0, 0); }
    return vec4<f32>(first, query[at + 2 * quad + 1]);
  }
  let pair = 2 * (quad - NOPE_QUADS);
  let first = query_rope(at + NOPE / 2, pair);
  if 2 * pair + 2 >= ROPE { return vec4<f32>(first, 0, 0); }
  return vec4<f32>(first, query_rope(at + NOPE / 2, pair + 1));
}

fn cache_index(position: u32) -> u32 { return position; }

fn key_quad(position: u32, head: u32, quad: u32) -> vec4<f32> {
  if quad < NOPE_QUADS { return expanded_quad(position, head, 2 * quad, NOPE); }
  return kv_quad(cache_row(position), LATENT / 2 + 2 * (quad - NOPE_QUADS), KV_ENTRY / 2);
}

fn value_quad(position: u32, head: u32, quad: u32) -> vec4<f32> {
  return expanded_quad(position, head, NOPE / 2 + 2 * quad, NOPE + VALUE);
}
