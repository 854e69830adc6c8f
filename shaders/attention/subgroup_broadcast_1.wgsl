// attention/subgroup_broadcast_1 – loads of subgroup_broadcast_tile, for a single row

#import shared/subgroup_broadcast_1
#import attention/subgroup_broadcast_tile

const QUERIES_PER_LANE: u32 = 1;

fn own_queries(row_indices: RowIndices, row0: u32, head: u32, quad: u32) -> RowQuads {
  return row_query(row0, head, quad);
}

fn own_weights(row_indices: RowIndices, quad: u32) -> RowQuads { return weights[quad]; }
