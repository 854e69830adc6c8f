// attention/spread_8 – what attention/spread loads and broadcasts, where subgroups have 8 invocations or more

#import shared/spread_8
#import attention/spread

const OWN: u32 = 2;

fn own_queries(places: Places, row0: u32, head: u32, quad: u32) -> Quads {
  return Quads(row_query(row0 + places.x, head, quad), row_query(row0 + places.y, head, quad));
}

fn own_weights(places: Places, quad: u32) -> Quads {
  return Quads(weights[places.x * WEIGHTS_ROW + quad], weights[places.y * WEIGHTS_ROW + quad]);
}
