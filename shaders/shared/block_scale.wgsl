// block_scale – the f32 scale of a block of weights; FACTOR is what the numbers of the module that imports this lack
//
// Blocks are counted from the first row of the matrix, so that any range of rows finds its scales.

fn weight_scale(m: Matrix, row: u32, chunk: u32) -> f32 {
  return FACTOR * bitcast<f32>(fetch_word(m.scales + row / BLOCK_ROWS * m.scale_stride + 16 * chunk / BLOCK_COLS));
}
