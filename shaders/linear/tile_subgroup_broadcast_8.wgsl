// tile_subgroup_broadcast_8 – the loads of subgroup_broadcast_tile, for subgroups of 8 invocations or more

#import shared/subgroup_broadcast_8
#import linear/subgroup_broadcast_tile

fn own_rows(row0: u32) -> RowIndices {
  let places = own_row_indices();
  return RowIndices(input_row(row0 + places.x), input_row(row0 + places.y));
}

fn own_quads(rows: RowIndices, quad: u32) -> RowQuads {
  return RowQuads(input_quad(rows.x, quad), input_quad(rows.y, quad));
}
