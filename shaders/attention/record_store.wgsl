// attention/record_store – puts a pair of numbers of a record into the binding `cache`, in the format of the slot `cache`

#import cache

fn cache_store(row: u32, pair: u32, value: vec2<f32>) {
  let words = cache_words(value);
  let at = (row * (RECORD / 2) + pair) * CACHE_WORDS;
  cache[at] = words.x;
  if CACHE_WORDS == 2 { cache[at + 1] = words.y; }
}
