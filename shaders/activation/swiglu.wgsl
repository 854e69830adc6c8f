// swiglu – y = silu(gate) * up, where gate and up are column ranges of the same rows
//
//   step   Step                          uniform
//   x      f32   [tokens, X_STRIDE]      read
//   y      f32   [tokens, INTERMEDIATE]  read_write
//
//   grid   ceil(INTERMEDIATE / WORKGROUP) × tokens
//   exact  relative error under 1e-5

#import shared/step
#import shared/silu

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

override WORKGROUP: u32 = 64;
override INTERMEDIATE: u32;
override UP: u32;       // column where up begins; gate begins at 0
override X_STRIDE: u32; // floats

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) at: vec3<u32>) {
  if at.x >= INTERMEDIATE { return; }
  let row = at.y * X_STRIDE;
  y[at.y * ((INTERMEDIATE + 15) / 16 * 16) + at.x] = silu(x[row + at.x]) * x[row + UP + at.x];
}
