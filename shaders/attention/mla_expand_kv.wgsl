// mla_expand_kv – expands a block of cached latents into keys (without rope) and values of all heads
//
//   step      Step                                         uniform
//   block     Block                                        uniform
//   pages     u32        [pages]                           read
//   cache     u32        [rows, KV_ENTRY]                  read
//   weights   vec4<u32>  [HEADS * (NOPE + VALUE), LATENT]  read
//   expanded  f32        [BLOCK, HEADS * (NOPE + VALUE)]   read_write
//
//   grid      ceil(HEADS * (NOPE + VALUE) / TILE_OUTS) × BLOCK / TILE_ROWS; sizes from the module of `tile`
//   exact     f32 sums; tile_f16 rounds latents to 11 bits

#import shared/step
#import shared/block
#import shared/pages
#import shared/weight_buffer
#import weights
#import cache
#import tile

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
override KV_ENTRY: u32 = LATENT + ROPE;
override OUT: u32 = HEADS * (NOPE + VALUE);

fn input_row(row: u32) -> u32 { return cache_row(min(block.index * BLOCK + row, step.context - 1)); }

fn input_quad(at: u32, quad: u32) -> vec4<f32> {
  return kv_quad(at, 2 * quad, LATENT / 2); // the latent alone: the rotated key follows it
}

fn weight_row(out: u32) -> u32 { return min(out, OUT - 1); }

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let group = grid_group(id);
  let row0 = TILE_ROWS * group.y;
  let out0 = TILE_OUTS * group.x;
  if block.index * BLOCK + row0 >= step.context { return; }
  multiply_tile(Matrix(0, STRIDE, SCALES, SCALE_STRIDE), row0, out0, (LATENT + 15) / 16, lane);
  let out = out0 + tile_out(lane);
  for (var i = 0u; i < LANE_ROWS * opaque_one(); i++) {
    let row = row0 + tile_row(lane, i);
    if row >= BLOCK { continue; }
    let at = row * ((OUT + 15) / 16 * 16) + out;
    for (var j = 0u; j < min(4, max(out, OUT) - out); j++) { expanded[at + j] = tile_value(i)[j]; }
  }
}
