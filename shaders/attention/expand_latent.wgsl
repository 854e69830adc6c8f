// expand_latent – keys (without rope) and values of all heads for one block of the cached latents (prefill)
//
//   step      Step                                            uniform
//   block     Block                                           uniform
//   pages     u32        [pages]                              read
//   cache     u32        [rows, RECORD]                       read
//   weights   vec4<u32>  [HEADS * (NOPE + VALUE), LATENT]     read
//   expanded  f32        [BLOCK, HEADS * (NOPE + VALUE)]      read_write
//
//   grid    ceil(HEADS * (NOPE + VALUE) / 32) × BLOCK / 32; workgroups of 64
//   exact   f32 sums; products_f16 rounds latents to 11 bits

#import shared/step
#import shared/block
#import shared/pages
#import shared/fetch
#import weights
#import cache
#import linear/tile

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> block: Block;
@group(0) @binding(2) var<storage, read> pages: array<u32>;
@group(0) @binding(3) var<storage, read> cache: array<u32>;
@group(0) @binding(4) var<storage, read> weights: array<vec4<u32>>;
@group(0) @binding(5) var<storage, read_write> expanded: array<f32>; // head by head: [NOPE | VALUE]

override HEADS: u32;
override NOPE: u32;
override VALUE: u32;
override LATENT: u32;
override ROPE: u32;
override BLOCK: u32;
override STRIDE: u32;
override SCALES: u32;
override SCALE_STRIDE: u32;
override RECORD: u32 = LATENT + ROPE;
override OUT: u32 = HEADS * (NOPE + VALUE);

fn input_chunk(row: u32, chunk: u32) -> mat4x4<f32> {
  let position = block.index * BLOCK + row;
  if position >= step.context { return mat4x4<f32>(); }
  let cached = cache_row(position);
  let pair = 8 * chunk;
  let end = LATENT / 2; // where the record goes on with the key
  return mat4x4<f32>(record_quad(cached, pair, end), record_quad(cached, pair + 2, end),
    record_quad(cached, pair + 4, end), record_quad(cached, pair + 6, end));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row0 = TILE * group.y;
  let out0 = TILE * group.x;
  if block.index * BLOCK + row0 >= step.context { return; }
  multiply_tile(Matrix(0, STRIDE, SCALES, SCALE_STRIDE), row0, out0, OUT - out0, (LATENT + 15) / 16, lane);
  for (var i = 0u; i < 4; i++) {
    let row = row0 + 4 * (lane / 8) + i;
    for (var j = 0u; j < 4; j++) {
      let out = out0 + 4 * (lane % 8) + j;
      if row < BLOCK && out < OUT { expanded[row * ((OUT + 15) / 16 * 16) + out] = tile_value(i, j); }
    }
  }
}
