// group_scale – weight_scale for formats with one bf16 scale per 32 weights of a row, two to a word
//
// The importing format defines DECODE_SCALE, a constant factor that its decoded numbers still lack. bf16 is
// the upper half of an f32. Its 8 bits of precision are enough next to the error of the codes, and its range
// covers every weight; f16 would lose weights below 1e-5, and some adapters flush its subnormals to zero.

#import shared/no_offset

// The affines of the four chunks from `first` on: of two pairs, the second of which begins at `second`.
fn pair_affines(m: Matrix, row: u32, first: u32, second: u32) -> mat2x2<f32> {
  let scales = pair_scales(m, row, first);
  return mat2x2<f32>(scales.x, 0, scales.y, 0);
}

// The scales of the four chunks around `chunk`: of the first pair and of the second.
fn pair_scales(m: Matrix, row: u32, chunk: u32) -> vec2<f32> {
  let pair = weight_word(m.scales + row * m.scale_stride + chunk / 4);
  return DECODE_SCALE * bitcast<vec2<f32>>(vec2<u32>(pair << 16, pair & 0xffff0000));
}

fn weight_scale(m: Matrix, row: u32, chunk: u32) -> f32 {
  let scales = pair_scales(m, row, chunk);
  return select(scales.x, scales.y, chunk % 4 >= 2);
}
