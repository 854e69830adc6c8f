// linear_decode – y (+)= W x for 1 to ROWS rows; each weight is read once for all of them
//
//   step     Step                            uniform
//   x        vec4<f32>  [tokens, IN]         read
//   weights  vec4<u32>  [OUT, IN]            read
//   y        f32        [tokens, Y_STRIDE]   read_write
//
//   grid     one workgroup per WORKGROUP / LANES weight rows
//   exact    f32 sums in a fixed order: each of the LANES (a power of two) over its chunks, then a tree over the lanes

#import shared/step
#import shared/fetch
#import weights
#import rows

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> weights: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

override WORKGROUP: u32 = 64;
override LANES: u32 = 16;
override IN: u32;
override OUT: u32;
override Y_STRIDE: u32; // floats
override STRIDE: u32;
override SCALES: u32;
override SCALE_STRIDE: u32;
override ACCUMULATE: bool = false;

var<workgroup> partial: array<RowSums, WORKGROUP>;

// Rows beyond the step's repeat its last one; their sums are dropped.
fn product(w: mat4x4<f32>, chunk: u32, row: u32) -> f32 {
  let at = 4 * (min(row, step.tokens - 1) * ((IN + 15) / 16) + chunk);
  return dot(w[0], x[at]) + dot(w[1], x[at + 1]) + dot(w[2], x[at + 2]) + dot(w[3], x[at + 3]);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let out = group.x * (WORKGROUP / LANES) + lane / LANES;
  let place = lane % LANES;
  let m = Matrix(0, STRIDE, SCALES, SCALE_STRIDE);
  var sums = RowSums();
  if out < OUT {
    for (var chunk = place; chunk < (IN + 15) / 16; chunk += LANES) {
      sums += weight_scale(m, out, chunk) * row_products(weight_chunk(m, out, chunk), chunk);
    }
  }
  partial[lane] = sums;
  for (var width = LANES / 2; width > 0; width /= 2) {
    workgroupBarrier();
    if place < width { partial[lane] += partial[lane + width]; }
  }
  workgroupBarrier();
  if out >= OUT { return; }
  for (var row = place; row < min(step.tokens, ROWS); row += LANES) {
    let at = row * Y_STRIDE + out;
    let sum = row_sum(partial[lane - place], row);
    if ACCUMULATE { y[at] += sum; } else { y[at] = sum; }
  }
}
