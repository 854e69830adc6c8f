// group_scale – the scale of 32 consecutive weights of a row, two to a word
//
// bfloat16, the upper half of an f32: as exact as f16 in what the codes lose (shaders/README.md), and no weight is too small or
// too large for it. f16 would lose weights below 1e-5, and its subnormals are zero on some adapters.

fn group_scale(m: Matrix, row: u32, chunk: u32) -> f32 {
  let pair = fetch_word(m.scales + row * m.scale_stride + chunk / 4);
  return bitcast<f32>(select(pair << 16, pair & 0xffff0000, chunk % 4 >= 2));
}

// Of the pair of chunks that begins at `chunk`, a multiple of 4, and of the next pair.
fn group_scales(m: Matrix, row: u32, chunk: u32) -> vec2<f32> {
  let pair = fetch_word(m.scales + row * m.scale_stride + chunk / 4);
  return bitcast<vec2<f32>>(vec2<u32>(pair << 16, pair & 0xffff0000));
}
