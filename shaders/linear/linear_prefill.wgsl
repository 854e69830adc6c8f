// linear_prefill – y (+)= W x for many rows, in tiles of TILE_ROWS input rows × TILE_OUTS weight rows
//
//   step     Step                           uniform
//   x        vec4<f32>  [tokens, IN]        read
//   weights  vec4<u32>  [OUT, IN]           read
//   y        f32        [tokens, Y_STRIDE]  read_write
//
//   grid     ceil(OUT / TILE_OUTS) × ceil(tokens / TILE_ROWS); both sizes come from the module of `tile`
//   exact    f32 sums; tile_f16 rounds x to 11 bits

#import shared/step
#import shared/weight_buffer
#import weights
#import tile
#import shared/chunk

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> weights: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

override IN: u32;
override OUT: u32;
override Y_STRIDE: u32; // floats
override STRIDE: u32;
override SCALES: u32;
override SCALE_STRIDE: u32;
override ACCUMULATE: bool = false;

fn input_row(row: u32) -> u32 { return min(row, step.tokens - 1) * (4 * chunks_of(IN)); }

fn input_quad(at: u32, quad: u32) -> vec4<f32> { return x[at + quad]; }

fn weight_row(out: u32) -> u32 { return min(out, OUT - 1); }

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let group = grid_group(id);
  let row0 = TILE_ROWS * group.y;
  let out0 = TILE_OUTS * group.x;
  multiply_tile(Matrix(0, STRIDE, SCALES, SCALE_STRIDE), row0, out0, chunks_of(IN), lane);
  let out = out0 + tile_out(lane);
  for (var i = 0u; i < LANE_ROWS * opaque_one(); i++) {
    let row = row0 + tile_row(lane, i);
    if row >= step.tokens { continue; }
    let at = row * Y_STRIDE + out;
    for (var j = 0u; j < min(4, max(out, OUT) - out); j++) {
      if ACCUMULATE { y[at + j] += tile_value(i)[j]; } else { y[at + j] = tile_value(i)[j]; }
    }
  }
}
