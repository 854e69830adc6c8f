// places_64 – who has what of a tile of 32 input rows times 32 weight rows that a workgroup of 64 invocations has: four rows times four each

const WORKGROUP: u32 = 64;
const TILE_ROWS: u32 = 32;
const TILE_OUTS: u32 = 32;
const LANE_ROWS: u32 = 4;

var<private> tile_sums: mat4x4<f32>;

fn tile_row(lane: u32, i: u32) -> u32 { return lane / 8 * 4 + i; }

fn tile_out(lane: u32) -> u32 { return lane % 8 * 4; }

fn tile_value(i: u32) -> vec4<f32> { return tile_sums[i]; }

// Each invocation brings one row to the tile: the first 32 of the inputs, the others of the weights.
fn own_row(row0: u32, out0: u32, lane: u32) -> u32 {
  if lane < TILE_ROWS { return input_row(row0 + lane); }
  return weight_row(out0 + lane - TILE_ROWS);
}
