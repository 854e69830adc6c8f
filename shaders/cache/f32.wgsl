// cache/f32 – KV cache records as f32 in u32 words of the binding `cache`; for proofs, twice the bytes of cache/f16

#import attention/record_quad

const CACHE_WORDS: u32 = 2; // of a pair

fn cache_load(row: u32, pair: u32) -> vec2<f32> {
  let at = row * RECORD + 2 * pair;
  return bitcast<vec2<f32>>(vec2<u32>(cache[at], cache[at + 1]));
}

fn cache_words(value: vec2<f32>) -> vec2<u32> { return bitcast<vec2<u32>>(value); }
