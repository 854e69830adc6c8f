// quantize – converts rows of a matrix from one storage format into another, which the slot `encode` selects
//
//   batch    Batch                    uniform
//   weights  vec4<u32>  [rows, cols]  read
//   into     u32        [rows, cols]  read_write
//
//   grid     x × y workgroups, together at least ceil(batch.rows * ceil(chunks / SPAN) / WORKGROUP)
//   exact    the code nearest to weight / scale, ties to even; up to 3 f32 rounding errors in weight / scale
//
// An invocation converts SPAN chunks of a row.

#import shared/batch
#import shared/weight_buffer
#import shared/chunk
#import weights
#import encode

@group(0) @binding(0) var<uniform> batch: Batch;
@group(0) @binding(1) var<storage, read> weights: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> into: array<u32>;

override WORKGROUP: u32 = 64;

// 16 columns of a row of the batch; zeros beyond the row's end.
fn source_chunk(row: u32, chunk: u32) -> mat4x4<f32> {
  if chunk >= chunks_of(batch.cols) { return mat4x4<f32>(); }
  let at = batch.first + row;
  return dequantized_before(batch.source, at, chunk, batch.cols);
}

// Stores four words of a row's codes as vec4 `at` of the row.
fn store_codes(row: u32, at: u32, words: vec4<u32>) {
  let m = batch.encoded;
  let to = 4 * (m.base + (batch.row + row) * m.stride + at);
  into[to] = words.x;
  into[to + 1] = words.y;
  into[to + 2] = words.z;
  into[to + 3] = words.w;
}

fn store_scale(row: u32, at: u32, word: u32) {
  into[batch.encoded.scales + (batch.row + row) * batch.encoded.scale_stride + at] = word;
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let spans = (chunks_of(batch.cols) + SPAN - 1) / SPAN;
  let i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if i < batch.rows * spans { encode(i / spans, i % spans); }
}
