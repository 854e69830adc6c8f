// chunk_pair_dots – dot products of two neighbouring chunks of a weight row, not yet corrected for ZERO_POINT
//
// The first chunk is multiplied before the second is loaded, if that is a separate load: a CPU has too few
// registers to keep decoded numbers until the next load is done. The kernel imports a module of `rows`, which
// defines RowSums and InputPair.

fn chunk_pair_dots(m: Matrix, row: u32, first: u32, second: u32, x: InputPair) -> RowSums {
  var codes = load_codes(m, row, first);
  let dots = row_dots(decode_chunk(codes, 0), x.first);
  if CHUNKS_PER_LOAD == 1 { codes = load_codes(m, row, second); }
  return dots + row_dots(decode_chunk(codes, 1), x.second);
}

// What ZERO_POINT adds to the dot products of a pair. In formats with a ZERO_POINT a pair shares one scale.
fn zero_point_correction(x: InputPair) -> RowSums {
  if ZERO_POINT == 0 { return RowSums(); }
  let column = vec4<f32>(ZERO_POINT);
  let zero_points = mat4x4<f32>(column, column, column, column);
  return row_dots(zero_points, x.first) + row_dots(zero_points, x.second);
}
