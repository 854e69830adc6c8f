// cache/f16 – reads KV entries stored as f16 pairs in u32 words of the binding `cache`; needs no shader-f16

#import shared/f16_pair
#import attention/kv_quad

const CACHE_WORDS: u32 = 1; // of a pair

fn cache_load(row: u32, pair: u32) -> vec2<f32> {
  return unpack2x16float(cache[row * (KV_ENTRY / 2) + pair]);
}

fn cache_words(value: vec2<f32>) -> vec2<u32> { return vec2<u32>(f16_pair(value), 0); }
