// broadcast_mla_heads – attend_split of mla_decode by subgroup_broadcast_tile: rows are heads of a token
//
// A KV entry is read twice, for the scores and for the sums of the heads, the second time from the CPU's
// cache.

#import attention/broadcast_heads

override VALUE: u32 = LATENT;
override KEY_QUADS: u32 = KV_ENTRY_QUADS;

fn rows_end() -> u32 { return HEADS; }

fn sums_at(row: u32, head: u32) -> u32 { return partial_at(token, row, own_split); }

fn row_query(row: u32, head: u32, quad: u32) -> vec4<f32> { return absorbed_quad(token, row, quad); }

fn key_quad(index: u32, head: u32, quad: u32) -> vec4<f32> { return kv_quad(index, 2 * quad, KV_ENTRY / 2); }

fn value_quad(index: u32, head: u32, quad: u32) -> vec4<f32> { return kv_quad(index, 2 * quad, LATENT / 2); }

fn attend_split(first: u32, end: u32, row: u32, head0: u32, split: u32, lane: u32) {
  attend_heads(first, end, row, 0, head0, split, lane);
}
