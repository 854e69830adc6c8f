// matrix_unit_majorness_template – hardware_matrices in the newer spelling, with named majorness

#import linear/hardware_matrices

fn load_left(at: u32) -> LeftMatrix {
  return subgroupMatrixLoad<LeftMatrix, row_major>(&tile_numbers, at, SIDE);
}

fn load_right(at: u32) -> RightMatrix {
  return subgroupMatrixLoad<RightMatrix, col_major>(&tile_numbers, at, SIDE);
}

fn store_result(at: u32, result: ResultMatrix) {
  subgroupMatrixStore<row_major>(&tile_results, at, result, SIDE);
}
