// kv_quad – loads four numbers of a KV entry, for formats whose numbers are all stored alike
//
// The format defines cache_load.

// Pairs `pair` and `pair + 1` of an entry, those before `end`; zeros from there on, where another part
// begins.
fn kv_quad(row: u32, pair: u32, end: u32) -> vec4<f32> {
  var quad = vec4<f32>();
  if pair < end { quad = vec4<f32>(cache_load(row, pair), 0, 0); }
  if pair + 1 < end { quad = vec4<f32>(quad.xy, cache_load(row, pair + 1)); }
  return quad;
}
