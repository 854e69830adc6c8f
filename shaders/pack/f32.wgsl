// pack/f32 – a record of latent attention as cache/f32 reads it

override RECORD_WORDS: u32 = RECORD;

fn record_word(i: u32) -> u32 { return bitcast<u32>(record[i / 2][i % 2]); }
