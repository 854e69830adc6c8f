// mla_write_expanded – writes keys and values expanded from latents into a per-head KV cache; rotates queries
//
//   step       Step                                            uniform
//   projected  f32        [tokens, PROJECTED_STRIDE]           read
//   source     f32        [tokens, Q_STRIDE]                   read
//   expanded   f32        [tokens, KV_HEADS * (NOPE + VALUE)]  read
//   rotations  vec2<f32>  [256 + n, ROPE / 2]                  read
//   pages      u32        [pages]                              read
//   query      f32        [tokens, HEADS * (NOPE + ROPE)]      read_write
//   cache      u32        [rows, KV_ENTRY]                     read_write
//
//   grid       (HEADS + 2 * KV_HEADS) × tokens
//   exact      one rounding of each product and sum of a rotation; the cache rounds to its own format
//
// Every head's key ends with the one rotated key that all heads share. In queries and keys alike, the columns
// of a rotated pair are adjacent, as the gqa_* kernels expect. All sizes are even.

#import shared/step
#import shared/pages
#import shared/rotation
#import attention/rope_pairs
#import attention/kv_store

@group(0) @binding(0) var<uniform> step: Step;
// The shared key, not rotated, from column K_OFFSET on
@group(0) @binding(1) var<storage, read> projected: array<f32>;
@group(0) @binding(2) var<storage, read> source: array<f32>; // queries from column 0 on: [HEADS, NOPE + ROPE]
@group(0) @binding(3) var<storage, read> expanded: array<f32>; // head by head: [NOPE | VALUE]
@group(0) @binding(4) var<storage, read> rotations: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read> pages: array<u32>;
@group(0) @binding(6) var<storage, read_write> query: array<f32>;
// [KV_HEADS × (NOPE + ROPE) | KV_HEADS × VALUE]
@group(0) @binding(7) var<storage, read_write> cache: array<u32>;

override WORKGROUP: u32 = 64;
override HEADS: u32;
override KV_HEADS: u32;
override NOPE: u32;
override ROPE: u32;
override VALUE: u32;
override PROJECTED_STRIDE: u32; // floats
override Q_STRIDE: u32;
override K_OFFSET: u32;
override KEY: u32 = NOPE + ROPE;
override KV_ENTRY: u32 = KV_HEADS * (KEY + VALUE);

fn write_query(row: u32, head: u32, lane: u32) {
  let first = row * Q_STRIDE + head * KEY;
  let into = row * ((HEADS * KEY + 15) / 16 * 16) + head * KEY;
  for (var i = lane; i < NOPE; i += WORKGROUP) { query[into + i] = source[first + i]; }
  for (var pair = lane; pair < ROPE / 2; pair += WORKGROUP) {
    let at = first + NOPE + pair_columns(pair);
    let rotated = rotate(vec2<f32>(source[at.x], source[at.y]), rotation(row_position(row), pair));
    query[into + NOPE + 2 * pair] = rotated.x;
    query[into + NOPE + 2 * pair + 1] = rotated.y;
  }
}

// A pair of a head's expanded columns.
fn expanded_pair(row: u32, head: u32, column: u32) -> vec2<f32> {
  let at = row * ((KV_HEADS * (NOPE + VALUE) + 15) / 16 * 16) + head * (NOPE + VALUE) + column;
  return vec2<f32>(expanded[at], expanded[at + 1]);
}

fn write_key(row: u32, head: u32, lane: u32) {
  let position = row_position(row);
  let into = cache_row(position);
  let first = head * (KEY / 2);
  for (var pair = lane; pair < NOPE / 2; pair += WORKGROUP) {
    kv_store(into, first + pair, expanded_pair(row, head, 2 * pair));
  }
  for (var pair = lane; pair < ROPE / 2; pair += WORKGROUP) {
    let at = row * PROJECTED_STRIDE + K_OFFSET + pair_columns(pair);
    let key = vec2<f32>(projected[at.x], projected[at.y]);
    kv_store(into, first + NOPE / 2 + pair, rotate(key, rotation(position, pair)));
  }
}

fn write_value(row: u32, head: u32, lane: u32) {
  let into = cache_row(row_position(row));
  let first = KV_HEADS * (KEY / 2) + head * (VALUE / 2);
  for (var pair = lane; pair < VALUE / 2; pair += WORKGROUP) {
    kv_store(into, first + pair, expanded_pair(row, head, NOPE + 2 * pair));
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
