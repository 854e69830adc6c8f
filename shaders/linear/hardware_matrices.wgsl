// hardware_matrices – subgroup matrices of the browser's draft extension, in what its two spellings share
//
// Subgroups must have 32 invocations (slot matrixSubgroups). Which invocations form a subgroup is not
// specified, so the subgroups number themselves with an atomic counter.

#enable subgroups
#import matrixExtension
#import matrixSubgroups

alias LeftMatrix = subgroup_matrix_left<TileNumber, MATRIX_K, MATRIX_M>;
alias RightMatrix = subgroup_matrix_right<TileNumber, MATRIX_N, MATRIX_K>;
alias ResultMatrix = subgroup_matrix_result<f32, MATRIX_N, MATRIX_M>;

var<workgroup> numbered_subgroups: atomic<u32>;

fn subgroup_number(lane: u32) -> u32 {
  var number = 0u;
  if subgroupElect() { number = atomicAdd(&numbered_subgroups, 1u); }
  return subgroupBroadcastFirst(number) % SUBGROUPS;
}

// Loops over matrices must be unrolled for these to stay in registers.
fn opaque_matrices() -> u32 { return 1; }

fn multiply_add(left: LeftMatrix, right: RightMatrix, sum: ResultMatrix) -> ResultMatrix {
  return subgroupMatrixMultiplyAccumulate(left, right, sum);
}
