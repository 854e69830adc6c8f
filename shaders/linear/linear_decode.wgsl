// linear_decode – y (+)= W x, or W RMSNorm(x), for 1 to ROWS rows; each weight is read once for all rows
//
//   step     Step                           uniform
//   x        vec4<f32>  [tokens, X_STRIDE]  read
//   norm     vec4<f32>  [IN]                read
//   weights  vec4<u32>  [OUT, IN]           read
//   y        f32        [tokens, Y_STRIDE]  read_write
//
//   norm     read by prologue_rmsnorm only
//   grid     one workgroup per WORKGROUP / LANES * ROWS_PER_INVOCATION weight rows
//   exact    f32 sums in a fixed order: each of the LANES over its chunks, then over the lanes

const ROWS_PER_OUTPUT: u32 = 1;

#import shared/step
#import shared/weight_buffer
#import rows
#import prologue
#import shared/matvec_rows

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> norm: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weights: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

override WORKGROUP: u32 = 64;
override IN: u32;
override OUT: u32;
override X_STRIDE: u32; // floats
override Y_STRIDE: u32; // floats
override STRIDE: u32;
override SCALES: u32;
override SCALE_STRIDE: u32;
override ACCUMULATE: bool = false;

fn row_at(first: u32, i: u32) -> u32 { return min(first + i, OUT - 1); }

// Rows beyond the step's last repeat it; their sums are dropped.
fn input_quad(row: u32, quad: u32) -> vec4<f32> {
  return x[min(row, step.tokens - 1) * (X_STRIDE / 4) + quad];
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let first = (group.x * (WORKGROUP / LANES) + lane / LANES) * ROWS_PER_INVOCATION;
  matvec_rows(Matrix(0, STRIDE, SCALES, SCALE_STRIDE), first, chunks_of(IN), 1.0, lane);
  var scales: array<f32, ROWS>;
  for (var row = 0u; row < ROWS; row++) { scales[row] = prologue_scale(row, lane); }
  for (var i = 0u; i < rows_per_invocation(); i++) {
    let out = first + i;
    for (var row = 0u; row < min(step.tokens, ROWS); row++) { // a step of prefill has one row here
      let sum = scales[row] * sum_over_lanes(row_sum(sums[i], row), lane);
      if lane % LANES == i % LANES && out < OUT {
        let at = row * Y_STRIDE + out;
        if ACCUMULATE { y[at] += sum; } else { y[at] = sum; }
      }
    }
  }
}
