// tile – 32 input rows times 32 weight rows by a workgroup of 64 invocations: the core of every prefill product
//
// The kernel defines `fn input_chunk(row: u32, chunk: u32) -> mat4x4<f32>`: 16 columns of an input row, zeros beyond the last row.
// It calls multiply_tile in uniform control flow; then tile_value(i, j) is the result for
// input row row0 + 4 * (lane / 8) + i and weight row out0 + 4 * (lane % 8) + j.

#import products

const TILE: u32 = 32;

// Element k / 4 of row r lies at 32 * (k / 4) + tile_place(r): neighbouring invocations read neighbouring vec4s.
var<workgroup> tile_inputs: array<vec4<Product>, 128>;
var<workgroup> tile_weights: array<vec4<Product>, 128>;
var<workgroup> tile_input_scales: array<f32, 32>;
var<workgroup> tile_weight_scales: array<f32, 32>;
var<private> tile_sums: mat4x4<f32>;

fn tile_place(row: u32) -> u32 { return 8 * (row % 4) + row / 4; }

fn tile_load_input(row0: u32, chunk: u32, r: u32) {
  let place = tile_place(r);
  let values = input_chunk(row0 + r, chunk);
  let scale = chunk_scale(values);
  let inverse = 1.0 / scale;
  tile_input_scales[place] = scale;
  tile_inputs[place] = kept(values[0] * inverse);
  tile_inputs[32 + place] = kept(values[1] * inverse);
  tile_inputs[64 + place] = kept(values[2] * inverse);
  tile_inputs[96 + place] = kept(values[3] * inverse);
}

// Weights stay unscaled in the tile: a block scale may be too small for f16.
fn tile_load_weight(m: Matrix, out: u32, valid: bool, chunk: u32, r: u32) {
  let place = tile_place(r);
  var values = mat4x4<f32>();
  var scale = 0.0;
  if valid {
    values = weight_chunk(m, out, chunk);
    scale = weight_scale(m, out, chunk);
  }
  tile_weight_scales[place] = scale;
  tile_weights[place] = kept(values[0]);
  tile_weights[32 + place] = kept(values[1]);
  tile_weights[64 + place] = kept(values[2]);
  tile_weights[96 + place] = kept(values[3]);
}

fn tile_products(step: u32, row: u32, out: u32) -> mat4x4<f32> {
  let a = 32 * step + row;
  let b = 32 * step + out;
  return products(
    mat4x4<Product>(tile_inputs[a], tile_inputs[a + 8], tile_inputs[a + 16], tile_inputs[a + 24]),
    mat4x4<Product>(tile_weights[b], tile_weights[b + 8], tile_weights[b + 16], tile_weights[b + 24]));
}

// row0: first input row; out0: first weight row; outs: weight rows from out0 that exist; chunks: of the shared dimension.
fn multiply_tile(m: Matrix, row0: u32, out0: u32, outs: u32, chunks: u32, lane: u32) {
  let row = lane / 8;
  let out = lane % 8;
  tile_sums = mat4x4<f32>();
  for (var chunk = 0u; chunk < chunks; chunk++) {
    if lane < TILE {
      tile_load_input(row0, chunk, lane);
    } else {
      tile_load_weight(m, out0 + lane - TILE, lane - TILE < outs, chunk, lane - TILE);
    }
    workgroupBarrier();
    let sums = tile_products(0, row, out) + tile_products(1, row, out)
      + tile_products(2, row, out) + tile_products(3, row, out);
    let scales = vec4<f32>(tile_weight_scales[out], tile_weight_scales[out + 8],
      tile_weight_scales[out + 16], tile_weight_scales[out + 24]);
    tile_sums[0] += sums[0] * (scales * tile_input_scales[row]);
    tile_sums[1] += sums[1] * (scales * tile_input_scales[row + 8]);
    tile_sums[2] += sums[2] * (scales * tile_input_scales[row + 16]);
    tile_sums[3] += sums[3] * (scales * tile_input_scales[row + 24]);
    workgroupBarrier();
  }
}

fn tile_value(i: u32, j: u32) -> f32 { return tile_sums[i][j]; }
