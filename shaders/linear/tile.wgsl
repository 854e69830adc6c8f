// tile – 32 input rows times 32 weight rows by a workgroup of 64 invocations, through workgroup memory; offers what linear/tiles says
//
// A module of the slot `products` says which numbers lie in workgroup memory and how they are multiplied.

#import linear/tiles
#import linear/places_64

// Columns 4q..4q+3 of row r lie at 32 * q + tile_place(r).
// The inputs' half comes first, then the weights'.
const WEIGHTS_HALF: u32 = 128;
var<workgroup> tile_numbers: array<vec4<Product>, 256>;

// Four rows of a half, four columns each, as read by the invocations that own these rows.
fn tile_rows(at: u32) -> mat4x4<Product> {
  return mat4x4<Product>(tile_numbers[at], tile_numbers[at + 8], tile_numbers[at + 16], tile_numbers[at + 24]);
}

// Each invocation brings one chunk: the first 32 of the inputs, the others of the weights. `own`: the row it brings.
// Weights stay unscaled in the tile: a block scale may be too small for f16.
fn load_chunk(m: Matrix, own: u32, chunk: u32, lane: u32) {
  var values: mat4x4<f32>;
  var scale: f32;
  if lane < TILE_ROWS {
    let quad = 4 * chunk;
    values = mat4x4<f32>(input_quad(own, quad), input_quad(own, quad + 1), input_quad(own, quad + 2), input_quad(own, quad + 3));
    scale = chunk_scale(values);
    values *= 1.0 / scale;
  } else {
    values = weight_chunk(m, own, chunk);
    scale = weight_scale(m, own, chunk);
  }
  let half = lane / TILE_ROWS;
  let place = tile_place(lane % TILE_ROWS);
  let at = half * WEIGHTS_HALF + place;
  tile_scales[half * TILE_ROWS + place] = scale;
  tile_numbers[at] = vec4<Product>(values[0]);
  tile_numbers[at + 32] = vec4<Product>(values[1]);
  tile_numbers[at + 64] = vec4<Product>(values[2]);
  tile_numbers[at + 96] = vec4<Product>(values[3]);
}

fn multiply_tile(m: Matrix, row0: u32, out0: u32, chunks: u32, lane: u32) {
  let row = lane / 8;
  let out = lane % 8;
  let own = own_row(row0, out0, lane);
  tile_sums = mat4x4<f32>();
  let end = chunks * one();
  for (var chunk = 0u; chunk < end; chunk++) {
    load_chunk(m, own, chunk, lane);
    workgroupBarrier();
    var sums = mat4x4<f32>();
    for (var at = row; at < WEIGHTS_HALF; at += 32) {
      sums += products(tile_rows(at), tile_rows(at - row + out + WEIGHTS_HALF));
    }
    let scales = out_scales(out);
    tile_sums[0] += sums[0] * (scales * tile_scales[row]);
    tile_sums[1] += sums[1] * (scales * tile_scales[row + 8]);
    tile_sums[2] += sums[2] * (scales * tile_scales[row + 16]);
    tile_sums[3] += sums[3] * (scales * tile_scales[row + 24]);
    workgroupBarrier();
  }
}
