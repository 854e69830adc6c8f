// packed_tile – linear/tile with products of packed bytes: a pair of chunks at a time, inputs rounded to eight bits under one scale
//
// Weights are codes as they are stored, and stay so. It offers what linear/tiles says.

#import linear/tiles
#import linear/places_64
#import linear/packed_rows

// A chunk of row r lies at tile_place(r), the one after it 32 further.
// The inputs' half comes first, then the weights'.
const WEIGHTS_HALF: u32 = 64;
var<workgroup> tile_codes: array<vec4<u32>, 128>;
var<workgroup> tile_over: array<i32, 32>;

// Each invocation brings the pair of one row: the first 32 of the inputs, the others of the weights. `own`: the row it brings.
fn load_pair(m: Matrix, own: u32, chunk: u32, chunks: u32, lane: u32) {
  let place = tile_place(lane % 32);
  var codes: PackedPair;
  if lane < TILE_ROWS {
    let x = packed_row(own, chunk, chunks);
    codes = x.codes;
    tile_over[place] = x.over;
    tile_scales[place] = x.scale;
  } else {
    codes = packed_pair(m, own, chunk, min(chunk + 1, chunks - 1));
    tile_scales[32 + place] = weight_scale(m, own, chunk);
  }
  let at = lane / 32 * WEIGHTS_HALF + place;
  tile_codes[at] = codes.first;
  tile_codes[at + 32] = codes.second;
}

fn tile_pair(at: u32) -> PackedPair { return PackedPair(tile_codes[at], tile_codes[at + 32]); }

fn multiply_tile(m: Matrix, row0: u32, out0: u32, chunks: u32, lane: u32) {
  let row = lane / 8;
  let out = lane % 8;
  let own = own_row(row0, out0, lane);
  tile_sums = mat4x4<f32>();
  let end = chunks * one();
  for (var chunk = 0u; chunk < end; chunk += 2) {
    load_pair(m, own, chunk, chunks, lane);
    workgroupBarrier();
    let at = WEIGHTS_HALF + out;
    let a = tile_pair(at);
    let b = tile_pair(at + 8);
    let c = tile_pair(at + 16);
    let d = tile_pair(at + 24);
    let scales = out_scales(out);
    for (var i = 0u; i < LANE_ROWS * one(); i++) {
      let place = row + 8 * i;
      let x = tile_pair(place);
      let counts = vec4<i32>(pair_dot(a, x), pair_dot(b, x), pair_dot(c, x), pair_dot(d, x)) - tile_over[place];
      tile_sums[i] += tile_scales[place] * scales * vec4<f32>(counts);
    }
    workgroupBarrier();
  }
}
