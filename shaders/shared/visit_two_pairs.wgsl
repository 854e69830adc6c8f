// visit_two_pairs – two pairs of chunks of each row, with one read of scales for both: that and the sum are read half as often
//
// For formats with `pair_scales`; a visit begins at a multiple of four chunks.

#import shared/pair_products

const VISIT: u32 = 4; // chunks

// Behind the row's end inputs are zeros; any weights will do.
fn near_products(m: Matrix, row: u32, chunk: u32, x: Inputs, over: LaneSum) -> LaneSum {
  let last = end_quad / 4 - 1;
  return pair_products(m, row, min(chunk, last), min(chunk + 1, last), x) - over;
}

fn visit(m: Matrix, first: u32, chunk: u32, factor: f32) {
  let x = inputs(chunk);
  let y = inputs(chunk + 2);
  let over_x = excess(x);
  let over_y = excess(y);
  for (var i = 0u; i < each(); i++) {
    let row = row_at(first, i);
    let scales = pair_scales(m, row, chunk);
    sums[i] += factor * (scales.x * near_products(m, row, chunk, x, over_x) + scales.y * near_products(m, row, chunk + 2, y, over_y));
  }
}
