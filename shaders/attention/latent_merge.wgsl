// latent_merge – joins the splits of latent_attend and leaves the latent space: o = W_UV ô (decode)
//
//   step     Step                                            uniform
//   partial  vec2<f32>  [tokens, HEADS, SPLITS, LATENT + 2]  read
//   weights  vec4<u32>  [HEADS * (NOPE + VALUE), LATENT]     read
//   output   f32        [tokens, HEADS * VALUE]              read_write
//
//   grid    HEADS × rows
//   exact   f32 sums in a fixed order: over splits, then as linear_decode

const TOGETHER: u32 = 1;

#import shared/step
#import shared/fetch
#import shared/rows_1
#import shared/taken_plain
#import shared/walk
#import attention/splits

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> partial: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read> weights: array<vec4<u32>>; // head by head: NOPE rows of W_UK, VALUE rows of W_UV
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

override CHUNKS: u32 = (LATENT + 15) / 16;
override WIDTH: u32 = LATENT / 2 + 1; // of a partial result, in pairs
var<workgroup> latent: array<vec4<f32>, 4 * CHUNKS>;
var<private> end_row: u32; // of the head's W_UV

fn row_at(first: u32, i: u32) -> u32 { return min(first + i, end_row - 1); }

fn input_quad(row: u32, quad: u32) -> vec4<f32> { return latent[quad]; }

fn merge(at: u32, count: u32, lane: u32) {
  for (var i = lane; i < 4 * CHUNKS; i += WORKGROUP) {
    var merged = vec4<f32>();
    if 4 * i < LATENT { merged = vec4<f32>(join_pair(at, count, 2 * i), 0, 0); }
    if 4 * i + 2 < LATENT { merged = vec4<f32>(merged.xy, join_pair(at, count, 2 * i + 1)); }
    latent[i] = merged;
  }
}

// Leaves the head's output from `into` on: as many rows at a time as the workgroup has.
fn multiply(head: u32, into: u32, lane: u32) {
  let begin = head * (NOPE + VALUE) + NOPE;
  end_row = begin + VALUE;
  for (var done = 0u; done < VALUE; done += WORKGROUP / LANES * EACH) {
    let first = done + lane / LANES * EACH;
    for (var i = 0u; i < each(); i++) { sums[i] = 0.0; }
    walk(Matrix(0, STRIDE, SCALES, SCALE_STRIDE), begin + first, CHUNKS, 1.0, lane);
    gather(lane);
    for (var i = lane % LANES; i < each(); i += LANES) {
      if first + i < VALUE { output[into + first + i] = sums[i]; }
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let head = group.x;
  let at = (group.y * HEADS + head) * SPLITS * WIDTH;
  let count = min((step.context + step.split - 1) / step.split, SPLITS);
  share_splits(at, count, lane);
  workgroupBarrier();
  merge(at, count, lane);
  workgroupBarrier();
  multiply(head, group.y * ((HEADS * VALUE + 15) / 16 * 16) + head * VALUE, lane);
}
