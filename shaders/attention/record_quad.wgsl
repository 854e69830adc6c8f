// attention/record_quad – four numbers of a record at a time, for formats that store all their numbers alike: they define cache_load

// Pairs `pair` and the next of a record, those before `end`; zeros from there on, where the record goes on with something else.
fn record_quad(row: u32, pair: u32, end: u32) -> vec4<f32> {
  var quad = vec4<f32>();
  if pair < end { quad = vec4<f32>(cache_load(row, pair), 0, 0); }
  if pair + 1 < end { quad = vec4<f32>(quad.xy, cache_load(row, pair + 1)); }
  return quad;
}
