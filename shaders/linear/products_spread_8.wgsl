// products_spread_8 – tiles of linear/spread, where subgroups have 8 invocations or more

#import shared/spread_8
#import linear/spread

fn own_rows(row0: u32) -> Places {
  let places = own_places();
  return Places(input_row(row0 + places.x), input_row(row0 + places.y));
}

fn own_quads(rows: Places, quad: u32) -> Quads { return Quads(input_quad(rows.x, quad), input_quad(rows.y, quad)); }
