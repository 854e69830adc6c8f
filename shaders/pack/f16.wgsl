// pack/f16 – a record of latent attention as cache/f16 reads it

override RECORD_WORDS: u32 = RECORD / 2;

fn record_word(i: u32) -> u32 { return pack2x16float(record[i]); }
