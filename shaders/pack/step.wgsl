// pack/step – the latent alone as an activation of this step, from which keys and values are expanded: f32, padded with zeros to 16 columns

override RECORD_WORDS: u32 = (LATENT + 15) / 16 * 16;

fn record_word(i: u32) -> u32 {
  if i >= LATENT { return 0; }
  return bitcast<u32>(record[i / 2][i % 2]);
}
