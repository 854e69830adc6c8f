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

// What ZERO_POINT adds to the dot products of a pair, or with offsets the sums of the inputs. In formats with
// either a pair shares one scale.
fn pair_correction(x: InputPair) -> RowSums {
  if ZERO_POINT == 0 && !HAS_OFFSET { return RowSums(); }
  let factors = filled_chunk(select(ZERO_POINT, 1, HAS_OFFSET));
  return row_dots(factors, x.first) + row_dots(factors, x.second);
}

// The dot products of weights with one scale and offset. `correction` is the sum of pair_correction.
fn scaled_dots(affine: vec2<f32>, dots: RowSums, correction: RowSums) -> RowSums {
  if HAS_OFFSET {
    if ZERO_POINT == 0 { return affine.x * dots + affine.y * correction; }
    return affine.x * dots + (affine.y - ZERO_POINT * affine.x) * correction;
  }
  if ZERO_POINT == 0 { return affine.x * dots; }
  return affine.x * (dots - correction);
}
