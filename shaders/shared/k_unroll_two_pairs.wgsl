// k_unroll_two_pairs – takes four chunks of each weight row per iteration, whose scales are one load
//
// For formats with `pair_affines`. Scales and running sums are read half as often as by k_unroll_pair.
// `chunk` is a multiple of 4.

#import shared/chunk_pair_dots

const K_UNROLL: u32 = 4; // chunks per iteration

fn accumulate_chunks(m: Matrix, first: u32, chunk: u32, factor: f32) {
  let x = load_inputs(chunk);
  let y = load_inputs(chunk + 2);
  let correction_x = pair_correction(x);
  let correction_y = pair_correction(y);
  // Chunks beyond the row's end repeat the last one; their inputs are zeros.
  let last = end_quad / 4 - 1;
  let second = min(chunk + 2, last);
  for (var i = 0u; i < rows_per_invocation(); i++) {
    let row = row_at(first, i);
    let affines = pair_affines(m, row, chunk, second);
    sums[i] += factor * (
      scaled_dots(affines[0], chunk_pair_dots(m, row, chunk, min(chunk + 1, last), x), correction_x)
      + scaled_dots(affines[1], chunk_pair_dots(m, row, second, min(chunk + 3, last), y), correction_y));
  }
}
