// gqa_write – adds biases, normalizes and rotates queries and keys, writes keys and values into the KV cache
//
//   step        Step                                                      uniform
//   projected   f32        [tokens, PROJECTED_STRIDE]                     read
//   bias        f32        [(HEADS + KV_HEADS) * KEY + KV_HEADS * VALUE]  read
//   query_norm  f32        [KEY]                                          read
//   key_norm    f32        [KEY]                                          read
//   rotations   vec2<f32>  [256 + n, ROPE / 2]                            read
//   pages       u32        [pages]                                        read
//   query       f32        [tokens, HEADS * KEY]                          read_write
//   cache       u32        [rows, KV_ENTRY]                               read_write
//
//   grid        (HEADS + 2 * KV_HEADS) × tokens
//   exact       f32 sum of squares; the cache rounds to its own format
//
// RoPE rotates a head's first ROPE columns; afterwards, in queries and cached keys alike, those come last and
// a pair's columns are adjacent. All sizes are even.

#import shared/step
#import shared/pages
#import shared/rotation
#import attention/rope_pairs
#import attention/kv_store
#import reduce

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> projected: array<f32>; // [queries | … | keys | … | values]
@group(0) @binding(2) var<storage, read> bias: array<f32>; // not padded: queries, keys, values
@group(0) @binding(3) var<storage, read> query_norm: array<f32>;
@group(0) @binding(4) var<storage, read> key_norm: array<f32>;
@group(0) @binding(5) var<storage, read> rotations: array<vec2<f32>>;
@group(0) @binding(6) var<storage, read> pages: array<u32>;
@group(0) @binding(7) var<storage, read_write> query: array<f32>;
@group(0) @binding(8) var<storage, read_write> cache: array<u32>; // [KV_HEADS × KEY | KV_HEADS × VALUE]

override WORKGROUP: u32 = 64;
override HEADS: u32;
override KV_HEADS: u32;
override KEY: u32;
override VALUE: u32;
override ROPE: u32;
override PROJECTED_STRIDE: u32; // floats
override K_OFFSET: u32; // column of the first key
override V_OFFSET: u32;
override HAS_BIAS: bool;
override HAS_NORM: bool;
override EPSILON: f32 = 0;
override KV_ENTRY: u32 = KV_HEADS * (KEY + VALUE);
override NOPE_PAIRS: u32 = (KEY - ROPE) / 2;

// Where a head begins in `projected` and in `bias`.
struct Head { source: u32, bias: u32 }

fn projected_value(head: Head, column: u32) -> f32 {
  var value = projected[head.source + column];
  if HAS_BIAS { value += bias[head.bias + column]; }
  return value;
}

fn head_columns(pair: u32) -> vec2<u32> {
  if pair < NOPE_PAIRS { return ROPE + vec2<u32>(2 * pair, 2 * pair + 1); }
  return pair_columns(pair - NOPE_PAIRS);
}

// 1 / rms of a query or key; 1 without normalization.
fn inverse_rms(head: Head, lane: u32) -> f32 {
  if !HAS_NORM { return 1.0; }
  var squares = 0.0;
  for (var i = lane; i < KEY; i += WORKGROUP) {
    let value = projected_value(head, i);
    squares += value * value;
  }
  return inverseSqrt(workgroup_sum(squares, lane) / f32(KEY) + EPSILON);
}

fn norm_weight(is_key: bool, column: u32) -> f32 {
  if !HAS_NORM { return 1.0; }
  if is_key { return key_norm[column]; }
  return query_norm[column];
}

// A pair of columns of a query or key, normalized and rotated.
fn rotated_pair(head: Head, is_key: bool, position: u32, pair: u32, scale: f32) -> vec2<f32> {
  let at = head_columns(pair);
  let weight = vec2<f32>(norm_weight(is_key, at.x), norm_weight(is_key, at.y));
  let value = vec2<f32>(projected_value(head, at.x), projected_value(head, at.y)) * scale * weight;
  if pair < NOPE_PAIRS { return value; }
  return rotate(value, rotation(position, pair - NOPE_PAIRS));
}

fn write_query(row: u32, index: u32, lane: u32) {
  let head = Head(row * PROJECTED_STRIDE + index * KEY, index * KEY);
  let into = row * ((HEADS * KEY + 15) / 16 * 16) + index * KEY;
  let scale = inverse_rms(head, lane);
  for (var pair = lane; pair < KEY / 2; pair += WORKGROUP) {
    let value = rotated_pair(head, false, row_position(row), pair, scale);
    query[into + 2 * pair] = value.x;
    query[into + 2 * pair + 1] = value.y;
  }
}

fn write_key(row: u32, index: u32, lane: u32) {
  let head = Head(row * PROJECTED_STRIDE + K_OFFSET + index * KEY, (HEADS + index) * KEY);
  let position = row_position(row);
  let scale = inverse_rms(head, lane);
  for (var pair = lane; pair < KEY / 2; pair += WORKGROUP) {
    kv_store(cache_row(position), index * (KEY / 2) + pair, rotated_pair(head, true, position, pair, scale));
  }
}

fn write_value(row: u32, index: u32, lane: u32) {
  let head = Head(
    row * PROJECTED_STRIDE + V_OFFSET + index * VALUE, (HEADS + KV_HEADS) * KEY + index * VALUE);
  let into = cache_row(row_position(row));
  for (var pair = lane; pair < VALUE / 2; pair += WORKGROUP) {
    let value = vec2<f32>(projected_value(head, 2 * pair), projected_value(head, 2 * pair + 1));
    kv_store(into, (KV_HEADS * KEY + index * VALUE) / 2 + pair, value);
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  select_row(group.y);
  let index = group.x;
  if index < HEADS {
    write_query(group.y, index, lane);
  } else if index < HEADS + KV_HEADS {
    write_key(group.y, index - HEADS, lane);
  } else {
    write_value(group.y, index - HEADS - KV_HEADS, lane);
  }
}
