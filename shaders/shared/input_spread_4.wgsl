// input_spread_4 – invocations load inputs for each other, where subgroups have 4 to 7 invocations: each a quad of either chunk of a pair
//
// No order of invocations within subgroups is taken for granted.

#enable subgroups

fn input_pair(row: u32, chunk: u32) -> ChunkPair {
  let quad = 4 * chunk + subgroupExclusiveAdd(1u) % 4;
  let first = quad_before_end(row, quad);
  let second = quad_before_end(row, quad + 4);
  return ChunkPair(
    mat4x4<f32>(
      subgroupBroadcast(first, 0u), subgroupBroadcast(first, 1u), subgroupBroadcast(first, 2u), subgroupBroadcast(first, 3u)),
    mat4x4<f32>(
      subgroupBroadcast(second, 0u), subgroupBroadcast(second, 1u), subgroupBroadcast(second, 2u), subgroupBroadcast(second, 3u)));
}
