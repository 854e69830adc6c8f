// subgroup_matrix_tile – 32 input rows × 32 weight rows by two subgroups, through subgroup matrices
//
// Defines what linear/matmul_tile lists, two chunks at a time. Each subgroup multiplies 16 input rows with
// all weight rows. The modules tile_subgroup_matrix_f32 and _f16 define the factors and their scales:
//   TileNumber                        their type
//   input_factors(pair, at)           an input row's pair of chunks, as the tile holds it
//   weight_factors(m, out, first, second, at)   the same for two chunks of a weight row
//   SCALED_PAIRS                      whether each pair of chunks has scales and offsets of its own; the two
//                                     functions above store these with store_affine(at, ..)
//   sum_scales(lane)                  those of tile_sums
// Slot matrixShape defines MATRIX_M × MATRIX_K times MATRIX_K × MATRIX_N, slot matrixUnit the types
// LeftMatrix, RightMatrix and ResultMatrix, the last in f32, and (call these in uniform control flow)
//   subgroup_number(lane) -> u32      0 or 1; call it first
//   load_left(at), load_right(at)     a matrix of tile_numbers whose rows lie SIDE apart; the right one is
//                                     transposed: the weights of MATRIX_N rows
//   multiply_add(left, right, sum)    left × right + sum
//   store_result(at, result)          writes rows of tile_results, SIDE apart
//   opaque_matrices() -> u32          1; opaque where loops over matrices should not be unrolled

#import linear/matmul_tile
#import linear/lane_layout_64
#import linear/input_row_pair
#import matrixShape
#import matrixUnit

const SUBGROUPS: u32 = 2;
const SIDE: u32 = 32;                                 // of the tile, and columns of a pair
const STRIP: u32 = SIDE / SUBGROUPS;                  // input rows of a subgroup
const MATRICES_DOWN: u32 = STRIP / MATRIX_M;
const MATRICES_ACROSS: u32 = SIDE / MATRIX_N;
var<workgroup> tile_numbers: array<TileNumber, 2048>; // [32 rows, then 32 weight rows, 32 columns]
var<workgroup> tile_results: array<f32, 1024>;        // [32 rows, 32 weight rows]

// Each invocation loads the chunk pair of one row, `own`: the first 32 of the inputs, the others of the
// weights.
fn load_pair(m: Matrix, own: u32, chunk: u32, chunks: u32, lane: u32) {
  let at = lane / SIDE * SIDE + tile_index(lane % SIDE);
  var pair: ChunkPair;
  if lane < SIDE {
    pair = input_factors(input_row_pair(own, chunk, chunks), at);
  } else {
    pair = weight_factors(m, own, chunk, min(chunk + 1, chunks - 1), at);
  }
  for (var i = 0u; i < 4 * opaque_one(); i++) {
    store_quad(lane * SIDE + 4 * i, pair.first[i]);
    store_quad(lane * SIDE + 4 * i + 16, pair.second[i]);
  }
}

fn store_quad(at: u32, quad: vec4<f32>) {
  for (var i = 0u; i < 4 * opaque_one(); i++) { tile_numbers[at + i] = TileNumber(quad[i]); }
}

fn four_results(at: u32) -> vec4<f32> {
  return vec4<f32>(tile_results[at], tile_results[at + 1], tile_results[at + 2], tile_results[at + 3]);
}

fn multiply_tile(m: Matrix, row0: u32, out0: u32, chunks: u32, lane: u32) {
  let strip = STRIP * subgroup_number(lane) * SIDE;
  let own = own_row(row0, out0, lane);
  tile_sums = mat4x4<f32>();
  var sums: array<ResultMatrix, MATRICES_DOWN * MATRICES_ACROSS>;
  let end = chunks * opaque_one();
  for (var chunk = 0u; chunk < end; chunk += 2) {
    load_pair(m, own, chunk, chunks, lane);
    workgroupBarrier();
    for (var k = 0u; k < SIDE * opaque_matrices(); k += MATRIX_K) {
      for (var i = 0u; i < MATRICES_DOWN * opaque_matrices(); i++) {
        let left = load_left(strip + i * MATRIX_M * SIDE + k);
        for (var j = 0u; j < MATRICES_ACROSS * opaque_matrices(); j++) {
          let right = load_right((SIDE + j * MATRIX_N) * SIDE + k);
          let sum = i * MATRICES_ACROSS + j;
          sums[sum] = multiply_add(left, right, sums[sum]);
        }
      }
    }
    let scales = sum_scales(lane);
    let offsets = tile_offset_terms(lane);
    let complete = SCALED_PAIRS || chunk + 2 >= end;
    if complete {
      for (var i = 0u; i < MATRICES_DOWN * opaque_matrices(); i++) {
        for (var j = 0u; j < MATRICES_ACROSS * opaque_matrices(); j++) {
          let sum = i * MATRICES_ACROSS + j;
          store_result(strip + i * MATRIX_M * SIDE + j * MATRIX_N, sums[sum]);
          sums[sum] = ResultMatrix();
        }
      }
    }
    workgroupBarrier();
    if complete {
      for (var i = 0u; i < LANE_ROWS * opaque_one(); i++) {
        tile_sums[i] += scales[i] * four_results(tile_row(lane, i) * SIDE + tile_out(lane));
        if HAS_OFFSET && SCALED_PAIRS { tile_sums[i] += offsets[i]; }
      }
    }
  }
}
