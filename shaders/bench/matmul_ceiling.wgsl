// matmul_ceiling – y = x Wᵀ of f32 matrices by a minimal loop: how fast this adapter multiplies matrices
//
//   step     Step                      uniform
//   x        vec4<f32>  [tokens, IN]   read
//   weights  vec4<f32>  [OUT, IN]      read
//   y        vec4<f32>  [tokens, OUT]  read_write
//
//   grid     ceil(OUT / (4 * WORKGROUP)) × tokens / ROWS
//   exact    f32 sums in order of columns; tokens a multiple of ROWS, OUT and IN of 4
//
// Each invocation computes 4 × 4 or 8 × 4 results in registers.

#import shared/step

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> weights: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;

override WORKGROUP: u32 = 16;
override ROWS: u32 = 4; // 4 or 8
override IN: u32;
override OUT: u32;

fn rows_at(first: u32, quad: u32) -> mat4x4<f32> {
  let stride = IN / 4;
  let at = first * stride + quad;
  return mat4x4<f32>(x[at], x[at + stride], x[at + 2 * stride], x[at + 3 * stride]);
}

fn store(first: u32, out: u32, sums: mat4x4<f32>) {
  for (var i = 0u; i < 4; i++) { y[((first + i) * OUT + out) / 4] = sums[i]; }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let out = 4 * (group.x * WORKGROUP + lane);
  let first = group.y * ROWS;
  if out >= OUT { return; }
  let stride = IN / 4;
  var low = mat4x4<f32>();
  var high = mat4x4<f32>();
  for (var quad = 0u; quad < stride; quad++) {
    let at = out * stride + quad;
    let w = transpose(
      mat4x4<f32>(weights[at], weights[at + stride], weights[at + 2 * stride], weights[at + 3 * stride]));
    low += w * rows_at(first, quad);
    if ROWS == 8 { high += w * rows_at(first + 4, quad); }
  }
  store(first, out, low);
  if ROWS == 8 { store(first + 4, out, high); }
}
