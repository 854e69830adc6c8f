// pack/f32 – packs an MLA KV entry as cache/f32 reads it

override KV_ENTRY_WORDS: u32 = KV_ENTRY;

fn kv_entry_word(i: u32) -> u32 { return bitcast<u32>(kv_entry[i / 2][i % 2]); }
