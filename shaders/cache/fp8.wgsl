// cache/fp8 – reads MLA KV entries with the latent in FP8 E4M3, from the binding `cache`; needs no shader-f16

#import shared/e4m3
#import attention/fp8_kv_entry

fn key_pair(at: u32, pair: u32) -> vec2<f32> {
  return unpack2x16float(cache[at + KEY_AT + pair - LATENT / 2]);
}

// As in attention/kv_quad. Within the latent `pair` is even, so a quad is one word.
fn kv_quad(row: u32, pair: u32, end: u32) -> vec4<f32> {
  let at = row * KV_ENTRY_WORDS;
  var quad = vec4<f32>();
  if pair < min(end, LATENT / 2) {
    let group = 2 * pair / FP8_GROUP;
    let scales = cache[at + SCALES_AT + group / 2];
    let scale = bitcast<f32>(select(scales << 16, scales & 0xffff0000, group % 2 == 1));
    quad = scale * e4m3_numbers(cache[at + pair / 2]);
  } else if pair < end {
    quad = vec4<f32>(key_pair(at, pair), 0, 0);
  }
  if pair + 1 < end && pair + 1 >= LATENT / 2 { quad = vec4<f32>(quad.xy, key_pair(at, pair + 1)); }
  return quad;
}
