// cache/f16 – KV cache records as f16 pairs in u32 words of the binding `cache`; needs no shader-f16

fn cache_load(row: u32, pair: u32) -> vec2<f32> { return unpack2x16float(cache[row * (RECORD / 2) + pair]); }

fn cache_store(row: u32, pair: u32, value: vec2<f32>) {
  cache[row * (RECORD / 2) + pair] = pack2x16float(value);
}
