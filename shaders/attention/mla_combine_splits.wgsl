// mla_combine_splits – combines the splits of mla_decode and multiplies the result by W_UV (decode)
//
//   step     Step                                            uniform
//   partial  vec2<f32>  [tokens, HEADS, SPLITS, LATENT + 2]  read
//   weights  vec4<u32>  [HEADS * (NOPE + VALUE), LATENT]     read
//   output   f32        [tokens, HEADS * VALUE]              read_write
//
//   grid     HEADS × tokens
//   exact    f32 sums in a fixed order: over splits, then over each of 8 lanes' chunks, then over the lanes

#import shared/step
#import shared/weight_buffer
#import attention/combine_splits
#import weights

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> partial: array<vec2<f32>>;
// Per head: NOPE rows of W_UK, VALUE of W_UV
@group(0) @binding(2) var<storage, read> weights: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

override WORKGROUP: u32 = 256;
override HEADS: u32;
override NOPE: u32;
override VALUE: u32;
override LATENT: u32;
override SPLITS: u32;
override STRIDE: u32;
override SCALES: u32;
override SCALE_STRIDE: u32;

const LANES: u32 = 8; // invocations per weight row

override CHUNKS: u32 = (LATENT + 15) / 16;
override WIDTH: u32 = LATENT / 2 + 1; // of a partial result, in pairs
var<workgroup> latent: array<vec4<f32>, 4 * CHUNKS>;
var<workgroup> sums: array<f32, VALUE * LANES>;

fn combine(at: u32, count: u32, lane: u32) {
  for (var i = lane; i < 4 * CHUNKS; i += WORKGROUP) {
    var combined = vec4<f32>();
    if 4 * i < LATENT { combined = vec4<f32>(combine_pair(at, count, 2 * i), 0, 0); }
    if 4 * i + 2 < LATENT { combined = vec4<f32>(combined.xy, combine_pair(at, count, 2 * i + 1)); }
    latent[i] = combined;
  }
}

fn multiply(head: u32, lane: u32) {
  let m = Matrix(0, STRIDE, SCALES, SCALE_STRIDE);
  for (var i = lane; i < VALUE * LANES; i += WORKGROUP) {
    let out = head * (NOPE + VALUE) + NOPE + i / LANES;
    var sum = 0.0;
    for (var chunk = i % LANES; chunk < CHUNKS; chunk += LANES) {
      let at = 4 * chunk;
      sum += dequantized_dot(
        m, out, chunk, mat4x4<f32>(latent[at], latent[at + 1], latent[at + 2], latent[at + 3]));
    }
    sums[i] = sum;
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let head = group.x;
  let at = (group.y * HEADS + head) * SPLITS * WIDTH;
  let count = min((step.context + step.split - 1) / step.split, SPLITS);
  compute_split_factors(at, count, lane);
  workgroupBarrier();
  combine(at, count, lane);
  workgroupBarrier();
  multiply(head, lane);
  workgroupBarrier();
  let into = group.y * ((HEADS * VALUE + 15) / 16 * 16) + head * VALUE;
  for (var v = lane; v < VALUE; v += WORKGROUP) {
    var sum = 0.0;
    for (var i = 0u; i < LANES; i++) { sum += sums[v * LANES + i]; }
    output[into + v] = sum;
  }
}
