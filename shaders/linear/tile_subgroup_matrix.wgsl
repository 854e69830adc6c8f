// tile_subgroup_matrix – f16 tiles multiplied by 8 × 8 subgroup matrices, two chunks at a time
//
// Defines what linear/matmul_tile lists. For adapters whose subgroup matrices multiply f16 into f32, with
// at most 64 invocations in a subgroup, and for weights whose scales cover whole pairs of chunks. The tile's
// four strips of 8 rows are divided among the subgroups, which number themselves with an atomic counter.

#enable subgroups
#enable chromium_experimental_subgroup_matrix
#diagnostic chromium.subgroup_matrix_uniformity

#import linear/matmul_tile
#import linear/lane_layout_64
#import linear/f16_scale
#import linear/input_row_pair

alias Left = subgroup_matrix_left<f16, 8, 8>;
alias Right = subgroup_matrix_right<f16, 8, 8>;
alias Result = subgroup_matrix_result<f32, 8, 8>;

const SIDE: u32 = 32;                          // of the tile, and columns of a pair
var<workgroup> tile_numbers: array<f16, 2048>; // [32 rows, then 32 weight rows, 32 columns]
var<workgroup> tile_results: array<f32, 1024>; // [32 rows, 32 weight rows], for one pair
var<workgroup> subgroups: atomic<u32>;

// Gives each subgroup a number of its own, from 0 on.
fn number_subgroup() -> u32 {
  var number = 0u;
  if subgroupElect() { number = atomicAdd(&subgroups, 1u); }
  return subgroupBroadcastFirst(number);
}

// Each invocation loads the chunk pair of one row, `own`: the first 32 of the inputs, the others of the
// weights, which stay unscaled.
fn load_pair(m: Matrix, own: u32, chunk: u32, chunks: u32, lane: u32) {
  let index = tile_index(lane % SIDE);
  var pair: ChunkPair;
  var divisor = 1.0;
  if lane < SIDE {
    pair = input_row_pair(own, chunk, chunks);
    divisor = f16_scale(abs_max_pair(pair));
    tile_scales[index] = divisor;
  } else {
    pair = ChunkPair(weight_chunk(m, own, chunk), weight_chunk(m, own, min(chunk + 1, chunks - 1)));
    tile_scales[SIDE + index] = weight_scale(m, own, chunk);
  }
  for (var i = 0u; i < 4 * opaque_one(); i++) {
    store_f16(lane * SIDE + 4 * i, pair.first[i] / divisor);
    store_f16(lane * SIDE + 4 * i + 16, pair.second[i] / divisor);
  }
}

fn store_f16(at: u32, quad: vec4<f32>) {
  for (var i = 0u; i < 4 * opaque_one(); i++) { tile_numbers[at + i] = f16(quad[i]); }
}

// Eight columns of eight weight rows, transposed: the right operand.
fn load_right(at: u32) -> Right { return subgroupMatrixLoad<Right, col_major>(&tile_numbers, at, SIDE); }

// Multiplies 8 input rows from `row` on with all 32 weight rows.
fn multiply_rows(row: u32) {
  var a = Result();
  var b = Result();
  var c = Result();
  var d = Result();
  for (var k = 0u; k < SIDE; k += 8) {
    let x = subgroupMatrixLoad<Left, row_major>(&tile_numbers, row * SIDE + k, SIDE);
    a = subgroupMatrixMultiplyAccumulate(x, load_right(32 * SIDE + k), a);
    b = subgroupMatrixMultiplyAccumulate(x, load_right(40 * SIDE + k), b);
    c = subgroupMatrixMultiplyAccumulate(x, load_right(48 * SIDE + k), c);
    d = subgroupMatrixMultiplyAccumulate(x, load_right(56 * SIDE + k), d);
  }
  let at = row * SIDE;
  subgroupMatrixStore<row_major>(&tile_results, at, a, SIDE);
  subgroupMatrixStore<row_major>(&tile_results, at + 8, b, SIDE);
  subgroupMatrixStore<row_major>(&tile_results, at + 16, c, SIDE);
  subgroupMatrixStore<row_major>(&tile_results, at + 24, d, SIDE);
}

fn four_results(at: u32) -> vec4<f32> {
  return vec4<f32>(tile_results[at], tile_results[at + 1], tile_results[at + 2], tile_results[at + 3]);
}

fn multiply_tile(m: Matrix, row0: u32, out0: u32, chunks: u32, lane: u32) {
  let number = number_subgroup();
  let row = tile_row(lane, 0);
  let out = tile_out(lane);
  let own = own_row(row0, out0, lane);
  tile_sums = mat4x4<f32>();
  let end = chunks * opaque_one();
  for (var chunk = 0u; chunk < end; chunk += 2) {
    load_pair(m, own, chunk, chunks, lane);
    workgroupBarrier();
    let scales = out_scales(lane % 8);
    let index = lane / 8;
    let input_scales = vec4<f32>(
      tile_scales[index], tile_scales[index + 8], tile_scales[index + 16], tile_scales[index + 24]);
    let count = atomicLoad(&subgroups);
    for (var strip = number; strip < 4; strip += count) { multiply_rows(8 * strip); }
    workgroupBarrier();
    for (var i = 0u; i < LANE_ROWS * opaque_one(); i++) {
      tile_sums[i] += scales * input_scales[i] * four_results((row + i) * SIDE + out);
    }
  }
}
