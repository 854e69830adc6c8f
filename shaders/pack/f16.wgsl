// pack/f16 – packs an MLA KV entry as cache/f16 reads it

#import shared/f16_pair

override KV_ENTRY_WORDS: u32 = KV_ENTRY / 2;

fn kv_entry_word(i: u32) -> u32 { return f16_pair(kv_entry[i]); }
