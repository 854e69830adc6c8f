// matrix_unit_emulated – subgroup matrices computed from workgroup memory, to test every shape on any adapter
//
// 32 neighbouring invocations stand for a subgroup. A loaded matrix is its place in tile_numbers, which must
// not change until it is multiplied; of a result, each invocation holds every 32nd number.

const LANES: u32 = 32;

struct LeftMatrix { at: u32 }
struct RightMatrix { at: u32 }
struct ResultMatrix { numbers: array<f32, MATRIX_M * MATRIX_N / LANES> }

var<private> own_number: u32;

fn subgroup_number(lane: u32) -> u32 {
  own_number = lane % LANES;
  return lane / LANES;
}

fn opaque_matrices() -> u32 { return opaque_one(); }

fn load_left(at: u32) -> LeftMatrix { return LeftMatrix(at); }

fn load_right(at: u32) -> RightMatrix { return RightMatrix(at); }

fn multiply_add(left: LeftMatrix, right: RightMatrix, sum: ResultMatrix) -> ResultMatrix {
  var result = sum;
  for (var i = 0u; i < MATRIX_M * MATRIX_N / LANES * opaque_one(); i++) {
    let number = own_number + i * LANES;
    let row = left.at + number / MATRIX_N * SIDE;
    let column = right.at + number % MATRIX_N * SIDE;
    for (var k = 0u; k < MATRIX_K * opaque_one(); k++) {
      result.numbers[i] += f32(tile_numbers[row + k]) * f32(tile_numbers[column + k]);
    }
  }
  return result;
}

fn store_result(at: u32, result: ResultMatrix) {
  for (var i = 0u; i < MATRIX_M * MATRIX_N / LANES * opaque_one(); i++) {
    let number = own_number + i * LANES;
    tile_results[at + number / MATRIX_N * SIDE + number % MATRIX_N] = result.numbers[i];
  }
}
