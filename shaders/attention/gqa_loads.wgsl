// gqa_loads – loads quads of queries, and of cached keys and values of a group of heads
//
// A KV entry is [KV_HEADS × KEY | KV_HEADS × VALUE]. Heads begin at even columns, not always at multiples of
// four.

#import cache

override KV_HEADS: u32; // divides HEADS
override KEY: u32;
override VALUE: u32;
override KV_ENTRY: u32 = KV_HEADS * (KEY + VALUE);
override GROUP: u32 = HEADS / KV_HEADS; // heads that share a key and a value
override KEY_QUADS: u32 = (KEY + 3) / 4;

fn query_quad(row: u32, head: u32, quad: u32) -> vec4<f32> {
  if row >= step.tokens { return vec4<f32>(); }
  let at = (row * ((HEADS * KEY + 15) / 16 * 16) + head * KEY) / 2 + 2 * quad;
  if 4 * quad + 2 >= KEY { return vec4<f32>(query[at], 0, 0); }
  return vec4<f32>(query[at], query[at + 1]);
}

// `row`: of the cache; `group`: the KV head.
fn cached_key(row: u32, group: u32, quad: u32) -> vec4<f32> {
  return kv_quad(row, group * (KEY / 2) + 2 * quad, (group + 1) * (KEY / 2));
}

fn cached_value(row: u32, group: u32, quad: u32) -> vec4<f32> {
  let values = KV_HEADS * (KEY / 2);
  return kv_quad(row, values + group * (VALUE / 2) + 2 * quad, values + (group + 1) * (VALUE / 2));
}
