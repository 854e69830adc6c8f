// group_scale – the scale of 32 consecutive weights of a row, two to a word; FACTOR is the format's
//
// bfloat16, the upper half of an f32: as exact as f16 in what the codes lose (shaders/README.md), and no weight is too small or
// too large for it. f16 would lose weights below 1e-5, and its subnormals are zero on some adapters.

// Of the four chunks that `chunk` is among: of the first pair and of the second.
fn pair_scales(m: Matrix, row: u32, chunk: u32) -> vec2<f32> {
  let pair = fetch_word(m.scales + row * m.scale_stride + chunk / 4);
  return FACTOR * bitcast<vec2<f32>>(vec2<u32>(pair << 16, pair & 0xffff0000));
}

fn weight_scale(m: Matrix, row: u32, chunk: u32) -> f32 {
  let scales = pair_scales(m, row, chunk);
  return select(scales.x, scales.y, chunk % 4 >= 2);
}
