// pair_products – the products of two neighbouring chunks of a weight row, above the weights' by OFFSET, with their inputs
//
// The first chunk is multiplied before the second is loaded, if that is a load of its own: numbers that wait for one fill a CPU's registers.
// Importers have `LaneSum`, `Inputs` and `row_products` as shared/rows_* do.

fn pair_products(m: Matrix, row: u32, first: u32, second: u32, x: Inputs) -> LaneSum {
  var words = words_of(m, row, first);
  let products = row_products(numbers_of(words, 0), x.first);
  if CHUNKS_A_LOAD == 1 { words = words_of(m, row, second); }
  return products + row_products(numbers_of(words, 1), x.second);
}
