// linear_prefill – y (+)= W x for many rows, in tiles of 32 input rows × 32 weight rows
//
//   step     Step                            uniform
//   x        vec4<f32>  [tokens, IN]         read
//   weights  vec4<u32>  [OUT, IN]            read
//   y        f32        [tokens, Y_STRIDE]   read_write
//
//   grid     ceil(OUT / 32) × ceil(tokens / 32); workgroups of 64
//   exact    f32 sums; products_f16 rounds x to 11 bits

#import shared/step
#import shared/fetch
#import weights
#import linear/tile
#import shared/chunk

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> weights: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

override WORKGROUP: u32 = 64;
override IN: u32;
override OUT: u32;
override Y_STRIDE: u32; // floats
override STRIDE: u32;
override SCALES: u32;
override SCALE_STRIDE: u32;
override ACCUMULATE: bool = false;

fn input_chunk(row: u32, chunk: u32) -> mat4x4<f32> {
  if row >= step.tokens { return mat4x4<f32>(); }
  let at = 4 * (row * chunks_of(IN) + chunk);
  return mat4x4<f32>(x[at], x[at + 1], x[at + 2], x[at + 3]);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row0 = TILE * group.y;
  let out0 = TILE * group.x;
  multiply_tile(Matrix(0, STRIDE, SCALES, SCALE_STRIDE), row0, out0, OUT - out0, chunks_of(IN), lane);
  for (var i = 0u; i < 4; i++) {
    let row = row0 + 4 * (lane / 8) + i;
    for (var j = 0u; j < 4; j++) {
      let out = out0 + 4 * (lane % 8) + j;
      if row < step.tokens && out < OUT {
        let at = row * Y_STRIDE + out;
        if ACCUMULATE { y[at] += tile_value(i, j); } else { y[at] = tile_value(i, j); }
      }
    }
  }
}
