// tile_subgroup_broadcast_4 – the loads of subgroup_broadcast_tile, for subgroups of 4 to 7 invocations

#import shared/subgroup_broadcast_4
#import linear/subgroup_broadcast_tile

fn own_rows(row0: u32) -> RowIndices {
  let places = own_row_indices();
  return RowIndices(
    input_row(row0 + places.x), input_row(row0 + places.y),
    input_row(row0 + places.z), input_row(row0 + places.w));
}

fn own_quads(rows: RowIndices, quad: u32) -> RowQuads {
  return RowQuads(
    input_quad(rows.x, quad), input_quad(rows.y, quad), input_quad(rows.z, quad), input_quad(rows.w, quad));
}
