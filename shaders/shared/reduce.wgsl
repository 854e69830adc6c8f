// reduce – sum and maximum over a workgroup, returned to every invocation (plain variant)
//
// Every invocation of the workgroup must call these, in uniform control flow. The order of the sum is fixed.
// This variant is correct on any conforming device; reduce_subgroup is checked against it.

var<workgroup> reduce_scratch: array<f32, WORKGROUP>;

fn workgroup_sum(value: f32, lane: u32) -> f32 {
  reduce_scratch[lane] = value;
  workgroupBarrier();
  for (var width = WORKGROUP / 2; width > 0; width /= 2) {
    if lane < width { reduce_scratch[lane] += reduce_scratch[lane + width]; }
    workgroupBarrier();
  }
  let sum = reduce_scratch[0];
  workgroupBarrier();
  return sum;
}

fn workgroup_max(value: f32, lane: u32) -> f32 {
  reduce_scratch[lane] = value;
  workgroupBarrier();
  for (var width = WORKGROUP / 2; width > 0; width /= 2) {
    if lane < width { reduce_scratch[lane] = max(reduce_scratch[lane], reduce_scratch[lane + width]); }
    workgroupBarrier();
  }
  let largest = reduce_scratch[0];
  workgroupBarrier();
  return largest;
}
