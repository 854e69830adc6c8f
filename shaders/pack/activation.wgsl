// pack/activation – packs the latent alone as an f32 activation, from which keys and values are expanded
//
// Rows are padded with zeros to 16 columns.

override KV_ENTRY_WORDS: u32 = (LATENT + 15) / 16 * 16;

fn kv_entry_word(i: u32) -> u32 {
  if i >= LATENT { return 0; }
  return bitcast<u32>(kv_entry[i / 2][i % 2]);
}
