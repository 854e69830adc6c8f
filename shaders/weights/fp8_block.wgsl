// weights/fp8_block – weights stored as FP8 E4M3, one vec4 a chunk, with an f32 scale per BLOCK_ROWS × BLOCK_COLS block
//
// Exact for all 254 finite codes on every adapter: no subnormal number is ever formed.

#import shared/matrix
#import shared/chunk_pair

// Four codes of one word. The 7 bits of exponent and mantissa become those of an f32 with the exponent moved by 120 (= 127 - 7).
// Codes without exponent bits mean m * 2^-9, but come out as 2^-7 * (1 + m / 8): doubling and taking 2^-6 away sets them right.
fn widen(word: u32) -> vec4<f32> {
  let codes = vec4<u32>(word, word >> 8, word >> 16, word >> 24);
  let signs = (codes & vec4<u32>(0x80)) << vec4<u32>(24);
  let near = bitcast<vec4<f32>>(((codes & vec4<u32>(0x7f)) << vec4<u32>(20)) + vec4<u32>(0x3c000000));
  let magnitude = select(near, 2.0 * near - 0.015625, (codes & vec4<u32>(0x78)) == vec4<u32>(0));
  return bitcast<vec4<f32>>(bitcast<vec4<u32>>(magnitude) | signs);
}

fn weight_chunk(m: Matrix, row: u32, chunk: u32) -> mat4x4<f32> {
  let words = fetch(m.base + row * m.stride + chunk);
  return mat4x4<f32>(widen(words.x), widen(words.y), widen(words.z), widen(words.w));
}

// Blocks are counted from the first row of the matrix, so that any range of rows finds its scales.
fn weight_scale(m: Matrix, row: u32, chunk: u32) -> f32 {
  return bitcast<f32>(fetch_word(m.scales + row / BLOCK_ROWS * m.scale_stride + 16 * chunk / BLOCK_COLS));
}
