// loop_order_rows – reads one weight row to its end, then the next; the sum lies in a register

fn sum_rows(m: Matrix, first: u32, end: u32, lane: u32, input: InputPair, correction: f32) {
  for (var row = first; row < end; row++) {
    var sum = 0.0;
    for (var chunk = 2 * lane; chunk < chunks_of(IN); chunk += 2 * LANES) {
      sum += pair_dots(m, row, chunk, input, correction);
    }
    sums[row * LANES + lane] = sum;
  }
}
