// visit_two_pairs – two pairs of chunks of each row, with one read of scales for both: that and the sum are read half as often
//
// For formats with `pair_scales`: a visit begins at a multiple of four chunks.

const VISIT: u32 = 4; // chunks

// Behind the row's end inputs are zeros; any weights will do.
fn pair_products(m: Matrix, row: u32, chunk: u32, x: Inputs, over: LaneSum) -> LaneSum {
  let last = end_quad / 4 - 1;
  let w = weight_pair(m, row, min(chunk, last), min(chunk + 1, last));
  return row_products(w.first, x.first) + row_products(w.second, x.second) - over;
}

fn visit(m: Matrix, first: u32, chunk: u32, factor: f32) {
  let x = inputs(chunk);
  let y = inputs(chunk + 2);
  let over_x = excess(x);
  let over_y = excess(y);
  for (var i = 0u; i < each(); i++) {
    let row = row_at(first, i);
    let scales = pair_scales(m, row, chunk);
    sums[i] += factor * (scales.x * pair_products(m, row, chunk, x, over_x) + scales.y * pair_products(m, row, chunk + 2, y, over_y));
  }
}
