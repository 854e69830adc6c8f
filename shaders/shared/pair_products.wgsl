// pair_products – the products of two neighbouring chunks of a weight row, above the weights' by OFFSET, with their inputs
//
// The first chunk is multiplied before the second is loaded, if that is a load of its own: numbers that wait for one fill a CPU's registers.
// Importers have a module of `rows`, which says what LaneSum and Inputs are.

fn pair_products(m: Matrix, row: u32, first: u32, second: u32, x: Inputs) -> LaneSum {
  var words = words_of(m, row, first);
  let products = row_products(numbers_of(words, 0), x.first);
  if CHUNKS_A_LOAD == 1 { words = words_of(m, row, second); }
  return products + row_products(numbers_of(words, 1), x.second);
}

// What OFFSET above each weight makes of a pair's products. Formats that have it share a scale among the whole pair.
fn excess(x: Inputs) -> LaneSum {
  if OFFSET == 0 { return LaneSum(); }
  let each = vec4<f32>(OFFSET);
  let offsets = mat4x4<f32>(each, each, each, each);
  return row_products(offsets, x.first) + row_products(offsets, x.second);
}
