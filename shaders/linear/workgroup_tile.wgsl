// workgroup_tile – 32 input rows × 32 weight rows by 64 invocations, through workgroup memory
//
// Defines what linear/matmul_tile lists. The modules tile_f32 and tile_f16 define the type of the staged
// numbers and how they are multiplied.

#import linear/matmul_tile
#import linear/lane_layout_64

// Columns 4q..4q+3 of row r lie at 32 * q + tile_index(r).
// The first half holds inputs, the second weights.
const WEIGHTS_START: u32 = 128;
var<workgroup> tile_numbers: array<vec4<TileNumber>, 256>;

// Four columns of an invocation's four rows of one half.
fn tile_rows(at: u32) -> mat4x4<TileNumber> {
  return mat4x4<TileNumber>(
    tile_numbers[at], tile_numbers[at + 8], tile_numbers[at + 16], tile_numbers[at + 24]);
}

// Each invocation loads a chunk of one row, `own`: the first 32 of the inputs, the others of the weights.
// Weights stay unscaled in the tile, because a block scale may be too small for f16.
fn load_chunk(m: Matrix, own: u32, chunk: u32, lane: u32) {
  var values: mat4x4<f32>;
  var affine: vec2<f32>;
  if lane < TILE_ROWS {
    let quad = 4 * chunk;
    values = mat4x4<f32>(
      input_quad(own, quad), input_quad(own, quad + 1), input_quad(own, quad + 2), input_quad(own, quad + 3));
    affine.x = chunk_scale(values);
    values *= 1.0 / affine.x;
    if HAS_OFFSET {
      values = rounded_chunk(values);
      affine.y = affine.x * chunk_sum(values);
    }
  } else {
    values = weight_chunk(m, own, chunk);
    affine = weight_affine(m, own, chunk);
  }
  let half = lane / TILE_ROWS;
  let index = tile_index(lane % TILE_ROWS);
  let at = half * WEIGHTS_START + index;
  store_affine(half * TILE_ROWS + index, affine);
  tile_numbers[at] = vec4<TileNumber>(values[0]);
  tile_numbers[at + 32] = vec4<TileNumber>(values[1]);
  tile_numbers[at + 64] = vec4<TileNumber>(values[2]);
  tile_numbers[at + 96] = vec4<TileNumber>(values[3]);
}

fn multiply_tile(m: Matrix, row0: u32, out0: u32, chunks: u32, lane: u32) {
  let row = lane / 8;
  let out = lane % 8;
  let own = own_row(row0, out0, lane);
  tile_sums = mat4x4<f32>();
  let end = chunks * opaque_one();
  for (var chunk = 0u; chunk < end; chunk++) {
    load_chunk(m, own, chunk, lane);
    workgroupBarrier();
    var sums = mat4x4<f32>();
    for (var at = row; at < WEIGHTS_START; at += 32) {
      sums += tile_dots(tile_rows(at), tile_rows(at - row + out + WEIGHTS_START));
    }
    let scales = out_scales(out);
    tile_sums[0] += sums[0] * (scales * tile_scales[row]);
    tile_sums[1] += sums[1] * (scales * tile_scales[row + 8]);
    tile_sums[2] += sums[2] * (scales * tile_scales[row + 16]);
    tile_sums[3] += sums[3] * (scales * tile_scales[row + 24]);
    if HAS_OFFSET { tile_sums += tile_offset_terms(lane); }
    workgroupBarrier();
  }
}
