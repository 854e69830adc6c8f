// tile_int8 – int8 tiles through workgroup memory, multiplied by packed dot products (DP4A)
//
// Defines what linear/matmul_tile lists. Two chunks at a time. Weights stay in their stored codes;
// inputs are rounded to 8 bits, with one scale per pair of chunks.

#import linear/matmul_tile
#import linear/lane_layout_64
#import linear/int8_rows

// A chunk of row r lies at tile_index(r), the next chunk 32 further.
// The first half holds inputs, the second weights.
const WEIGHTS_START: u32 = 64;
var<workgroup> tile_codes: array<vec4<u32>, 128>;
var<workgroup> tile_corrections: array<i32, 32>;

// Each invocation loads the chunk pair of one row, `own`: the first 32 of the inputs, the others of the
// weights.
fn load_pair(m: Matrix, own: u32, chunk: u32, chunks: u32, lane: u32) {
  let index = tile_index(lane % 32);
  var codes: Int8Pair;
  if lane < TILE_ROWS {
    let x = int8_row(own, chunk, chunks);
    codes = x.codes;
    tile_corrections[index] = x.correction;
    store_affine(index, vec2<f32>(x.scale, x.scale * f32(x.correction)));
  } else {
    codes = load_int8_pair(m, own, chunk, min(chunk + 1, chunks - 1));
    let affine = weight_affine(m, own, chunk);
    store_affine(32 + index, vec2<f32>(affine.x, affine.y - f32(ZERO_POINT) * affine.x));
  }
  let at = lane / 32 * WEIGHTS_START + index;
  tile_codes[at] = codes.first;
  tile_codes[at + 32] = codes.second;
}

fn tile_pair(at: u32) -> Int8Pair { return Int8Pair(tile_codes[at], tile_codes[at + 32]); }

fn multiply_tile(m: Matrix, row0: u32, out0: u32, chunks: u32, lane: u32) {
  let row = lane / 8;
  let out = lane % 8;
  let own = own_row(row0, out0, lane);
  tile_sums = mat4x4<f32>();
  let end = chunks * opaque_one();
  for (var chunk = 0u; chunk < end; chunk += 2) {
    load_pair(m, own, chunk, chunks, lane);
    workgroupBarrier();
    let at = WEIGHTS_START + out;
    let a = tile_pair(at);
    let b = tile_pair(at + 8);
    let c = tile_pair(at + 16);
    let d = tile_pair(at + 24);
    let scales = out_scales(out);
    let offsets = tile_offset_terms(lane);
    for (var i = 0u; i < LANE_ROWS * opaque_one(); i++) {
      let index = row + 8 * i;
      let x = tile_pair(index);
      var dots = vec4<i32>(
        int8_pair_dot(a, x), int8_pair_dot(b, x), int8_pair_dot(c, x), int8_pair_dot(d, x));
      if !HAS_OFFSET { dots -= tile_corrections[index]; }
      tile_sums[i] += tile_scales[index] * scales * vec4<f32>(dots);
      if HAS_OFFSET { tile_sums[i] += offsets[i]; }
    }
    workgroupBarrier();
  }
}
