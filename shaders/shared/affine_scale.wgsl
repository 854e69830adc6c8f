// affine_scale – scale and offset of a group, for formats in which a weight is scale * code + offset
//
// They are the halves of a word (bf16 or f16; the scale is the low one), or two words (f32). The importing
// format defines DECODE_SCALE, a constant factor that its decoded numbers still lack. Offsets are never
// divided by scales, which may be zero.

override SCALE_TYPE: u32 = 0; // 0: bf16, 1: f16, 2: f32
const HAS_OFFSET: bool = true;

fn weight_affine(m: Matrix, row: u32, chunk: u32) -> vec2<f32> {
  let start = m.scales + row / BLOCK_ROWS * m.scale_stride;
  let group = 16 * chunk / BLOCK_COLS;
  var affine: vec2<f32>;
  if SCALE_TYPE == 2 {
    let at = start + 2 * group;
    affine = bitcast<vec2<f32>>(vec2<u32>(weight_word(at), weight_word(at + 1)));
  } else {
    let word = weight_word(start + group);
    affine = bitcast<vec2<f32>>(vec2<u32>(word << 16, word & 0xffff0000));
    if SCALE_TYPE == 1 { affine = both_f16(word); }
  }
  return affine * vec2<f32>(DECODE_SCALE, 1);
}

// unpack2x16float may flush subnormals, which scales of 8-bit codes often are.
fn both_f16(word: u32) -> vec2<f32> {
  let halves = vec2<u32>(word, word >> 16);
  let magnitude = halves & vec2<u32>(0x7fff);
  let normal = bitcast<vec2<f32>>(magnitude << vec2<u32>(13)) * 0x1p112;
  let value = select(normal, vec2<f32>(magnitude) * 0x1p-24, magnitude < vec2<u32>(0x400));
  return bitcast<vec2<f32>>(bitcast<vec2<u32>>(value) | ((halves & vec2<u32>(0x8000)) << vec2<u32>(16)));
}

fn weight_scale(m: Matrix, row: u32, chunk: u32) -> f32 { return weight_affine(m, row, chunk).x; }

// Those of two pairs of chunks, which begin at `first`, a multiple of 4, and at `second`.
fn pair_affines(m: Matrix, row: u32, first: u32, second: u32) -> mat2x2<f32> {
  let affine = weight_affine(m, row, first);
  if BLOCK_COLS % 64 == 0 { return mat2x2<f32>(affine, affine); }
  return mat2x2<f32>(affine, weight_affine(m, row, second));
}
