// rope_pairs – which two columns of a head's rope part are rotated together; in cached keys they are adjacent

override ROPE_INTERLEAVED: bool = true; // pairs (2i, 2i + 1) rather than (i, i + ROPE / 2)

fn pair_columns(pair: u32) -> vec2<u32> {
  return select(vec2<u32>(pair, pair + ROPE / 2), vec2<u32>(2 * pair, 2 * pair + 1), ROPE_INTERLEAVED);
}
