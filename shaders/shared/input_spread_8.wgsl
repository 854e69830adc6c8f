// input_spread_8 – invocations load inputs for each other, where subgroups have 8 invocations or more: each a quad of a pair of chunks
//
// No order of invocations within subgroups is taken for granted.

#enable subgroups

fn input_pair(row: u32, chunk: u32) -> ChunkPair {
  let own = quad_before_end(row, 4 * chunk + subgroupExclusiveAdd(1u) % 8);
  return ChunkPair(
    mat4x4<f32>(
      subgroupBroadcast(own, 0u), subgroupBroadcast(own, 1u), subgroupBroadcast(own, 2u), subgroupBroadcast(own, 3u)),
    mat4x4<f32>(
      subgroupBroadcast(own, 4u), subgroupBroadcast(own, 5u), subgroupBroadcast(own, 6u), subgroupBroadcast(own, 7u)));
}
