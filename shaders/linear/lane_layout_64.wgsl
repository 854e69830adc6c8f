// lane_layout_64 – how 32 input rows × 32 weight rows are divided among 64 invocations, 4 × 4 results each

const WORKGROUP: u32 = 64;
const TILE_ROWS: u32 = 32;
const TILE_OUTS: u32 = 32;
const LANE_ROWS: u32 = 4;

var<private> tile_sums: mat4x4<f32>;
// Scales of the input rows, then of the weight rows, each at its tile_index
var<workgroup> tile_scales: array<f32, 64>;
// In formats with offsets: sums of the input rows' staged columns, then offsets of the weight rows
var<workgroup> tile_offsets: array<f32, select(1, 64, HAS_OFFSET)>;

fn tile_row(lane: u32, i: u32) -> u32 { return lane / 8 * 4 + i; }

fn tile_out(lane: u32) -> u32 { return lane % 8 * 4; }

fn tile_value(i: u32) -> vec4<f32> { return tile_sums[i]; }

// An invocation's rows lie 8 apart, so that neighbouring invocations read neighbouring words.
fn tile_index(row: u32) -> u32 { return 8 * (row % 4) + row / 4; }

fn store_affine(at: u32, affine: vec2<f32>) {
  tile_scales[at] = affine.x;
  if HAS_OFFSET { tile_offsets[at] = affine.y; }
}

// What offsets add to an invocation's results, one column for each of its input rows.
fn tile_offset_terms(lane: u32) -> mat4x4<f32> {
  if !HAS_OFFSET { return mat4x4<f32>(); }
  let row = lane / 8;
  let out = 32 + lane % 8;
  let offsets = vec4<f32>(
    tile_offsets[out], tile_offsets[out + 8], tile_offsets[out + 16], tile_offsets[out + 24]);
  return mat4x4<f32>(
    offsets * tile_offsets[row], offsets * tile_offsets[row + 8],
    offsets * tile_offsets[row + 16], offsets * tile_offsets[row + 24]);
}

// Scales of the four weight rows of the invocations with lane % 8 == out.
fn out_scales(out: u32) -> vec4<f32> {
  return vec4<f32>(
    tile_scales[32 + out], tile_scales[40 + out], tile_scales[48 + out], tile_scales[56 + out]);
}

// The row that an invocation loads into the tile: the first 32 load inputs, the others weights.
fn own_row(row0: u32, out0: u32, lane: u32) -> u32 {
  if lane < TILE_ROWS { return input_row(row0 + lane); }
  return weight_row(out0 + lane - TILE_ROWS);
}
