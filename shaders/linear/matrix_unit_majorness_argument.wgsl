// matrix_unit_majorness_argument – hardware_matrices in the older spelling: `true` means column-major

#import linear/hardware_matrices

fn load_left(at: u32) -> LeftMatrix { return subgroupMatrixLoad<LeftMatrix>(&tile_numbers, at, false, SIDE); }

fn load_right(at: u32) -> RightMatrix {
  return subgroupMatrixLoad<RightMatrix>(&tile_numbers, at, true, SIDE);
}

fn store_result(at: u32, result: ResultMatrix) {
  subgroupMatrixStore(&tile_results, at, result, false, SIDE);
}
