// order_rows – a weight row to its end, then the next: its sum is a register

fn sum_rows(m: Matrix, first: u32, end: u32, lane: u32, input: mat4x4<f32>, over: vec4<f32>) {
  for (var row = first; row < end; row++) {
    var products = vec4<f32>();
    for (var chunk = 2 * lane; chunk < chunks_of(IN); chunk += 2 * LANES) { products += pair_products(m, row, chunk, input, over); }
    sums[row * LANES + lane] = sum_of(products);
  }
}
