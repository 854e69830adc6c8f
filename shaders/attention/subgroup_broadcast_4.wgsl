// attention/subgroup_broadcast_4 – loads of subgroup_broadcast_tile, for subgroups of 4 to 7 invocations

#import shared/subgroup_broadcast_4
#import attention/subgroup_broadcast_tile

const QUERIES_PER_LANE: u32 = 2;

fn own_queries(places: RowIndices, row0: u32, head: u32, quad: u32) -> RowQuads {
  return RowQuads(
    row_query(row0 + places.x, head, quad), row_query(row0 + places.y, head, quad),
    row_query(row0 + places.z, head, quad), row_query(row0 + places.w, head, quad));
}

fn own_weights(places: RowIndices, quad: u32) -> RowQuads {
  return RowQuads(
    weights[places.x * WEIGHTS_STRIDE + quad], weights[places.y * WEIGHTS_STRIDE + quad],
    weights[places.z * WEIGHTS_STRIDE + quad], weights[places.w * WEIGHTS_STRIDE + quad]);
}
