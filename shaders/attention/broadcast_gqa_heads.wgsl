// broadcast_gqa_heads – attend_split of gqa_decode by subgroup_broadcast_tile: rows are heads of a group

#import attention/broadcast_heads

fn rows_end() -> u32 { return GROUP; }

fn sums_at(row: u32, group: u32) -> u32 { return partial_at(token, group * GROUP + row, own_split); }

fn row_query(row: u32, group: u32, quad: u32) -> vec4<f32> {
  if row >= GROUP { return vec4<f32>(); }
  return query_quad(token, group * GROUP + row, quad);
}

fn key_quad(index: u32, group: u32, quad: u32) -> vec4<f32> { return cached_key(index, group, quad); }

fn value_quad(index: u32, group: u32, quad: u32) -> vec4<f32> { return cached_value(index, group, quad); }

fn attend_split(first: u32, end: u32, row: u32, group: u32, first_head: u32, split: u32, lane: u32) {
  attend_heads(first, end, row, group, first_head, split, lane);
}
