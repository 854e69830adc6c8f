// k_unroll_two_pairs – takes four chunks of each weight row per iteration, whose two scales lie in one word
//
// For formats with `pair_scales`. Scales and running sums are read half as often as by k_unroll_pair. `chunk`
// is a multiple of 4.

#import shared/chunk_pair_dots

const K_UNROLL: u32 = 4; // chunks per iteration

// Chunks beyond the row's end repeat the last one; their inputs are zeros.
fn clamped_pair_dots(m: Matrix, row: u32, chunk: u32, x: InputPair, correction: RowSums) -> RowSums {
  let last = end_quad / 4 - 1;
  return chunk_pair_dots(m, row, min(chunk, last), min(chunk + 1, last), x) - correction;
}

fn accumulate_chunks(m: Matrix, first: u32, chunk: u32, factor: f32) {
  let x = load_inputs(chunk);
  let y = load_inputs(chunk + 2);
  let correction_x = zero_point_correction(x);
  let correction_y = zero_point_correction(y);
  for (var i = 0u; i < rows_per_invocation(); i++) {
    let row = row_at(first, i);
    let scales = pair_scales(m, row, chunk);
    sums[i] += factor * (scales.x * clamped_pair_dots(m, row, chunk, x, correction_x)
      + scales.y * clamped_pair_dots(m, row, chunk + 2, y, correction_y));
  }
}
