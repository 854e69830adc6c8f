// attention/subgroup_broadcast_8 – loads of subgroup_broadcast_tile, for subgroups of 8 or more invocations

#import shared/subgroup_broadcast_8
#import attention/subgroup_broadcast_tile

const QUERIES_PER_LANE: u32 = 2;

fn own_queries(places: RowIndices, row0: u32, head: u32, quad: u32) -> RowQuads {
  return RowQuads(row_query(row0 + places.x, head, quad), row_query(row0 + places.y, head, quad));
}

fn own_weights(places: RowIndices, quad: u32) -> RowQuads {
  return RowQuads(weights[places.x * WEIGHTS_STRIDE + quad], weights[places.y * WEIGHTS_STRIDE + quad]);
}
