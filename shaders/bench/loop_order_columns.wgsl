// loop_order_columns – reads a pair of chunks of every row, then the next pair; sums lie in private memory
//
// The order of shared/row_tiling_subgroup.

var<private> partial: array<f32, 64>;

fn sum_rows(m: Matrix, first: u32, end: u32, lane: u32, input: InputPair, correction: f32) {
  for (var chunk = 2 * lane; chunk < chunks_of(IN); chunk += 2 * LANES) {
    for (var row = first; row < end; row++) {
      partial[row - first] += pair_dots(m, row, chunk, input, correction);
    }
  }
  for (var row = first; row < end; row++) { sums[row * LANES + lane] = partial[row - first]; }
}
