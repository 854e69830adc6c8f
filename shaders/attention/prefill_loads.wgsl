// attention/prefill_loads – quads of queries, keys and values for attend_prefill; zeros beyond the rows, the positions and the columns that exist
//
// Heads need not begin at a multiple of four columns, so quads are gathered number by number.

#import attention/rope_pairs

fn query_at(row: u32, head: u32) -> u32 { return row * Q_STRIDE + Q_OFFSET + head * (NOPE + ROPE); }

fn expanded_at(position: u32, head: u32) -> u32 {
  return position % BLOCK * ((HEADS * (NOPE + VALUE) + 15) / 16 * 16) + head * (NOPE + VALUE);
}

fn query_quad(row: u32, head: u32, column: u32) -> vec4<f32> {
  var quad = vec4<f32>();
  for (var i = 0u; i < 4; i++) {
    if row < step.tokens && column + i < NOPE { quad[i] = query[query_at(row, head) + column + i]; }
  }
  return quad;
}

// Keys are the columns from 0 to NOPE of a head, values the VALUE columns behind them.
fn expanded_quad(position: u32, end: u32, head: u32, column: u32, columns_end: u32) -> vec4<f32> {
  var quad = vec4<f32>();
  for (var i = 0u; i < 4; i++) {
    if position < end && column + i < columns_end { quad[i] = expanded[expanded_at(position, head) + column + i]; }
  }
  return quad;
}

fn query_pair(row: u32, head: u32, pair: u32) -> vec2<f32> {
  if row >= step.tokens || pair >= ROPE / 2 { return vec2<f32>(); }
  let at = query_at(row, head) + NOPE + pair_columns(pair);
  return vec2<f32>(query[at.x], query[at.y]);
}

fn key_pair(position: u32, end: u32, pair: u32) -> vec2<f32> {
  if position >= end || pair >= ROPE / 2 { return vec2<f32>(); }
  return cache_load(cache_row(position), LATENT / 2 + pair);
}
