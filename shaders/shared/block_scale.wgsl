// block_scale – weight_scale for formats with one f32 scale per block of weights
//
// The importing format defines DECODE_SCALE, a constant factor that its decoded numbers still lack.
// Blocks are counted from the first row of the matrix, so any range of rows finds its scales.

#import shared/no_offset

fn weight_scale(m: Matrix, row: u32, chunk: u32) -> f32 {
  return DECODE_SCALE * bitcast<f32>(
    weight_word(m.scales + row / BLOCK_ROWS * m.scale_stride + 16 * chunk / BLOCK_COLS));
}
