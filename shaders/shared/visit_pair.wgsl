// visit_pair – a pair of chunks of each row, with their scales

#import shared/pair_products

const VISIT: u32 = 2; // chunks

fn scaled_products(m: Matrix, row: u32, chunk: u32, x: Inputs, over: LaneSum) -> LaneSum {
  let next = min(chunk + 1, end_quad / 4 - 1);
  let scale = weight_scale(m, row, chunk);
  if BLOCK_COLS % 32 == 0 {
    let products = pair_products(m, row, chunk, next, x);
    if OFFSET == 0 { return scale * products; }
    return scale * (products - over);
  }
  return scale * row_products(weight_chunk(m, row, chunk), x.first)
    + weight_scale(m, row, next) * row_products(weight_chunk(m, row, next), x.second);
}

fn visit(m: Matrix, first: u32, chunk: u32, factor: f32) {
  let x = inputs(chunk);
  let over = excess(x);
  for (var i = 0u; i < each(); i++) { sums[i] += factor * scaled_products(m, row_at(first, i), chunk, x, over); }
}
