// order_columns – a pair of chunks of each row, then the next pair, as shared/share_columns has it: sums are private memory

var<private> partial: array<f32, 64>;

fn sum_rows(m: Matrix, first: u32, end: u32, lane: u32, input: Inputs, over: f32) {
  for (var chunk = 2 * lane; chunk < chunks_of(IN); chunk += 2 * LANES) {
    for (var row = first; row < end; row++) { partial[row - first] += scaled_products(m, row, chunk, input, over); }
  }
  for (var row = first; row < end; row++) { sums[row * LANES + lane] = partial[row - first]; }
}
