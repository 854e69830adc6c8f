// attention/spread_4 – what attention/spread loads and broadcasts, where subgroups have 4 to 7 invocations

#import shared/spread_4
#import attention/spread

const OWN: u32 = 2;

fn own_queries(places: Places, row0: u32, head: u32, quad: u32) -> Quads {
  return Quads(row_query(row0 + places.x, head, quad), row_query(row0 + places.y, head, quad), row_query(row0 + places.z, head, quad), row_query(row0 + places.w, head, quad));
}

fn own_weights(places: Places, quad: u32) -> Quads {
  return Quads(weights[places.x * WEIGHTS_ROW + quad], weights[places.y * WEIGHTS_ROW + quad], weights[places.z * WEIGHTS_ROW + quad], weights[places.w * WEIGHTS_ROW + quad]);
}
