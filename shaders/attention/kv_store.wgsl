// kv_store – stores a pair of numbers of a KV entry in the binding `cache`, in the format of the slot `cache`

#import cache

fn kv_store(row: u32, pair: u32, value: vec2<f32>) {
  let words = cache_words(value);
  let at = (row * (KV_ENTRY / 2) + pair) * CACHE_WORDS;
  cache[at] = words.x;
  if CACHE_WORDS == 2 { cache[at + 1] = words.y; }
}
