// k_unroll_pair – takes two chunks of each weight row per iteration

#import shared/chunk_pair_dots

const K_UNROLL: u32 = 2; // chunks per iteration

fn pair_dots(m: Matrix, row: u32, chunk: u32, x: InputPair, correction: RowSums) -> RowSums {
  let next = min(chunk + 1, end_quad / 4 - 1);
  let affine = weight_affine(m, row, chunk);
  // A block of whole pairs: both chunks have the same scale.
  if BLOCK_COLS % 32 == 0 { return scaled_dots(affine, chunk_pair_dots(m, row, chunk, next, x), correction); }
  return affine.x * row_dots(weight_chunk(m, row, chunk), x.first)
    + weight_scale(m, row, next) * row_dots(weight_chunk(m, row, next), x.second);
}

fn accumulate_chunks(m: Matrix, first: u32, chunk: u32, factor: f32) {
  let x = load_inputs(chunk);
  let correction = pair_correction(x);
  for (var i = 0u; i < rows_per_invocation(); i++) {
    sums[i] += factor * pair_dots(m, row_at(first, i), chunk, x, correction);
  }
}
