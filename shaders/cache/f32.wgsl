// cache/f32 – reads KV entries stored as f32 in u32 words of the binding `cache`; for checks

#import attention/kv_quad

const CACHE_WORDS: u32 = 2; // of a pair

fn cache_load(row: u32, pair: u32) -> vec2<f32> {
  let at = row * KV_ENTRY + 2 * pair;
  return bitcast<vec2<f32>>(vec2<u32>(cache[at], cache[at + 1]));
}

fn cache_words(value: vec2<f32>) -> vec2<u32> { return bitcast<vec2<u32>>(value); }
