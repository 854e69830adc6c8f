// gqa_combine – combines the splits of gqa_decode (decode)
//
//   step     Step                                           uniform
//   partial  vec2<f32>  [tokens, HEADS, SPLITS, VALUE + 2]  read
//   output   vec2<f32>  [tokens, HEADS * VALUE]             read_write
//
//   grid     HEADS × tokens
//   exact    f32 sums over the splits in their order

#import shared/step
#import attention/combine_splits

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> partial: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read_write> output: array<vec2<f32>>;

override WORKGROUP: u32 = 64;
override HEADS: u32;
override VALUE: u32; // even
override SPLITS: u32;
override WIDTH: u32 = VALUE / 2 + 1; // of a partial result, in pairs

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let at = (group.y * HEADS + group.x) * SPLITS * WIDTH;
  let into = (group.y * ((HEADS * VALUE + 15) / 16 * 16) + group.x * VALUE) / 2;
  let count = min((step.context + step.split - 1) / step.split, SPLITS);
  compute_split_factors(at, count, lane);
  workgroupBarrier();
  for (var pair = lane; pair < VALUE / 2; pair += WORKGROUP) {
    output[into + pair] = combine_pair(at, count, pair);
  }
}
