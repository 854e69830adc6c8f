// matrix_tile – linear/tile with f16 numbers by subgroup matrices of 8 × 8: a pair of chunks at a time; offers what linear/tiles says
//
// For adapters whose subgroup matrices multiply f16 into f32, with at most 64 invocations in a subgroup, and for weights whose scales are shared by
// whole pairs. Subgroups take turns at 8 rows of the tile each; who is who they find out by counting.

#enable subgroups
#enable chromium_experimental_subgroup_matrix
#diagnostic chromium.subgroup_matrix_uniformity

#import linear/tiles
#import linear/places_64
#import linear/halves
#import linear/row_pair

alias Left = subgroup_matrix_left<f16, 8, 8>;
alias Right = subgroup_matrix_right<f16, 8, 8>;
alias Result = subgroup_matrix_result<f32, 8, 8>;

const SIDE: u32 = 32; // of the tile, and columns of a pair
var<workgroup> tile_numbers: array<f16, 2048>;  // [32 rows, then 32 weight rows, 32 columns]
var<workgroup> tile_products: array<f32, 1024>; // [32 rows, 32 weight rows], of one pair
var<workgroup> subgroups: atomic<u32>;

// Each subgroup gets a number of its own, from 0 on.
fn own_number() -> u32 {
  var number = 0u;
  if subgroupElect() { number = atomicAdd(&subgroups, 1u); }
  return subgroupBroadcastFirst(number);
}

// Each invocation brings the pair of one row: the first 32 of the inputs, the others of the weights, which stay unscaled. `own`: the row it brings.
fn load_pair(m: Matrix, own: u32, chunk: u32, chunks: u32, lane: u32) {
  let place = tile_place(lane % SIDE);
  var pair: ChunkPair;
  var divisor = 1.0;
  if lane < SIDE {
    pair = row_pair(own, chunk, chunks);
    divisor = half_scale(largest_of_pair(pair));
    tile_scales[place] = divisor;
  } else {
    pair = ChunkPair(weight_chunk(m, own, chunk), weight_chunk(m, own, min(chunk + 1, chunks - 1)));
    tile_scales[SIDE + place] = weight_scale(m, own, chunk);
  }
  for (var i = 0u; i < 4 * one(); i++) {
    keep(lane * SIDE + 4 * i, pair.first[i] / divisor);
    keep(lane * SIDE + 4 * i + 16, pair.second[i] / divisor);
  }
}

fn keep(at: u32, quad: vec4<f32>) {
  for (var i = 0u; i < 4 * one(); i++) { tile_numbers[at + i] = f16(quad[i]); }
}

// Eight columns of eight weight rows, which are the columns of what is multiplied with.
fn right(at: u32) -> Right { return subgroupMatrixLoad<Right, col_major>(&tile_numbers, at, SIDE); }

// Of 8 rows from `row` on with all 32 weight rows.
fn multiply_rows(row: u32) {
  var a = Result();
  var b = Result();
  var c = Result();
  var d = Result();
  for (var k = 0u; k < SIDE; k += 8) {
    let x = subgroupMatrixLoad<Left, row_major>(&tile_numbers, row * SIDE + k, SIDE);
    a = subgroupMatrixMultiplyAccumulate(x, right(32 * SIDE + k), a);
    b = subgroupMatrixMultiplyAccumulate(x, right(40 * SIDE + k), b);
    c = subgroupMatrixMultiplyAccumulate(x, right(48 * SIDE + k), c);
    d = subgroupMatrixMultiplyAccumulate(x, right(56 * SIDE + k), d);
  }
  let at = row * SIDE;
  subgroupMatrixStore<row_major>(&tile_products, at, a, SIDE);
  subgroupMatrixStore<row_major>(&tile_products, at + 8, b, SIDE);
  subgroupMatrixStore<row_major>(&tile_products, at + 16, c, SIDE);
  subgroupMatrixStore<row_major>(&tile_products, at + 24, d, SIDE);
}

fn four_products(at: u32) -> vec4<f32> {
  return vec4<f32>(tile_products[at], tile_products[at + 1], tile_products[at + 2], tile_products[at + 3]);
}

fn multiply_tile(m: Matrix, row0: u32, out0: u32, chunks: u32, lane: u32) {
  let number = own_number();
  let row = tile_row(lane, 0);
  let out = tile_out(lane);
  let own = own_row(row0, out0, lane);
  tile_sums = mat4x4<f32>();
  let end = chunks * one();
  for (var chunk = 0u; chunk < end; chunk += 2) {
    load_pair(m, own, chunk, chunks, lane);
    workgroupBarrier();
    let scales = out_scales(lane % 8);
    let place = lane / 8;
    let inputs = vec4<f32>(tile_scales[place], tile_scales[place + 8], tile_scales[place + 16], tile_scales[place + 24]);
    let count = atomicLoad(&subgroups);
    for (var turn = number; turn < 4; turn += count) { multiply_rows(8 * turn); }
    workgroupBarrier();
    for (var i = 0u; i < LANE_ROWS * one(); i++) {
      tile_sums[i] += scales * inputs[i] * four_products((row + i) * SIDE + out);
    }
  }
}
