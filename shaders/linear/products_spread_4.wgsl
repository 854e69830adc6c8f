// products_spread_4 – tiles of linear/spread, where subgroups have 4 to 7 invocations

#import shared/spread_4
#import linear/spread

fn own_rows(row0: u32) -> Places {
  let places = own_places();
  return Places(input_row(row0 + places.x), input_row(row0 + places.y), input_row(row0 + places.z), input_row(row0 + places.w));
}

fn own_quads(rows: Places, quad: u32) -> Quads { return Quads(input_quad(rows.x, quad), input_quad(rows.y, quad), input_quad(rows.z, quad), input_quad(rows.w, quad)); }
