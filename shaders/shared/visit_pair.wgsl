// visit_pair – a pair of chunks of each row, with their scales

const VISIT: u32 = 2; // chunks

fn pair_products(m: Matrix, row: u32, chunk: u32, x: Inputs, over: LaneSum) -> LaneSum {
  let next = min(chunk + 1, end_quad / 4 - 1);
  let w = weight_pair(m, row, chunk, next);
  let scale = weight_scale(m, row, chunk);
  if BLOCK_COLS % 32 == 0 {
    let products = row_products(w.first, x.first) + row_products(w.second, x.second);
    if OFFSET == 0 { return scale * products; }
    return scale * (products - over);
  }
  return scale * row_products(w.first, x.first) + weight_scale(m, row, next) * row_products(w.second, x.second);
}

fn visit(m: Matrix, first: u32, chunk: u32, factor: f32) {
  let x = inputs(chunk);
  let over = excess(x);
  for (var i = 0u; i < each(); i++) { sums[i] += factor * pair_products(m, row_at(first, i), chunk, x, over); }
}
