// reduce_subgroup – sum and maximum over a workgroup by subgroup operations, returned to every invocation
//
// WGSL does not promise that subgroups follow the order of invocations. So each subgroup stores its result at
// the index of its smallest invocation and zeros at those of the others. The order of the sum is fixed for a
// given adapter.

#enable subgroups

var<workgroup> reduce_scratch: array<f32, WORKGROUP>;

fn workgroup_sum(value: f32, lane: u32) -> f32 {
  let partial = subgroupAdd(value);
  reduce_scratch[lane] = select(0.0, partial, lane == subgroupMin(lane));
  workgroupBarrier();
  // Each invocation adds every width-th value, so that the second subgroupAdd sees every subgroup's result
  // once.
  let width = subgroupAdd(1u);
  let index = subgroupExclusiveAdd(1u);
  var strided = 0.0;
  for (var i = index; i < WORKGROUP; i += width) { strided += reduce_scratch[i]; }
  let sum = subgroupAdd(strided);
  workgroupBarrier();
  return sum;
}

fn workgroup_max(value: f32, lane: u32) -> f32 {
  let partial = subgroupMax(value);
  reduce_scratch[lane] = partial;
  workgroupBarrier();
  let width = subgroupAdd(1u);
  let index = subgroupExclusiveAdd(1u);
  var largest = partial;
  for (var i = index; i < WORKGROUP; i += width) { largest = max(largest, reduce_scratch[i]); }
  largest = subgroupMax(largest);
  workgroupBarrier();
  return largest;
}
