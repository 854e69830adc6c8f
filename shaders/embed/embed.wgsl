// embed – x = FACTOR * rows of the embedding matrix, selected by token ids
//
//   step     Step                         uniform
//   ids      u32        [tokens]          read
//   weights  vec4<u32>  [COUNT, HIDDEN]   read
//   x        f32        [tokens, HIDDEN]  read_write
//
//   grid     ceil(chunks of 16 columns / WORKGROUP) × tokens
//   exact    the stored numbers times FACTOR times their scales
//
// A matrix larger than a binding is split: this dispatch has rows FIRST .. FIRST + COUNT and skips tokens of
// other parts.

#import shared/step
#import shared/weight_buffer
#import shared/chunk
#import weights

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> weights: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;

override WORKGROUP: u32 = 64;
override HIDDEN: u32;
override STRIDE: u32; // of a row of weights, in vec4s
override SCALES: u32;
override SCALE_STRIDE: u32;
override FIRST: u32 = 0;
override COUNT: u32;
override FACTOR: f32 = 1;

fn store(at: u32, values: vec4<f32>) {
  x[at] = values.x;
  x[at + 1] = values.y;
  x[at + 2] = values.z;
  x[at + 3] = values.w;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) at: vec3<u32>) {
  let chunk = at.x;
  let row = ids[at.y] - FIRST; // below FIRST it wraps and becomes too large
  if row >= COUNT || chunk >= chunks_of(HIDDEN) { return; }
  let m = Matrix(0, STRIDE, SCALES, SCALE_STRIDE);
  let values = FACTOR * dequantized_before(m, row, chunk, HIDDEN);
  let to = 16 * (at.y * chunks_of(HIDDEN) + chunk);
  store(to, values[0]);
  store(to + 4, values[1]);
  store(to + 8, values[2]);
  store(to + 12, values[3]);
}
