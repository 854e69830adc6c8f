// order_rows – a weight row to its end, then the next: its sum is a register

fn sum_rows(m: Matrix, first: u32, end: u32, lane: u32, input: Inputs, over: f32) {
  for (var row = first; row < end; row++) {
    var sum = 0.0;
    for (var chunk = 2 * lane; chunk < chunks_of(IN); chunk += 2 * LANES) { sum += scaled_products(m, row, chunk, input, over); }
    sums[row * LANES + lane] = sum;
  }
}
