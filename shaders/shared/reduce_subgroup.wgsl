// reduce_subgroup – the functions of reduce: one subgroup operation, then one pass over the subgroups' results
//
// WGSL does not promise that subgroups follow the order of invocations, so a subgroup stores its result at the place of its
// smallest invocation and zeroes the places of the others. The order of the sum is fixed for a given adapter.

#enable subgroups

var<workgroup> reduce_scratch: array<f32, WORKGROUP>;

fn workgroup_sum(value: f32, lane: u32) -> f32 {
  let partial = subgroupAdd(value);
  reduce_scratch[lane] = select(0.0, partial, lane == subgroupMin(lane));
  workgroupBarrier();
  // Each invocation adds a strided share, so that the second subgroupAdd sees every subgroup's result once.
  let width = subgroupAdd(1u);
  let place = subgroupExclusiveAdd(1u);
  var share = 0.0;
  for (var i = place; i < WORKGROUP; i += width) { share += reduce_scratch[i]; }
  let sum = subgroupAdd(share);
  workgroupBarrier();
  return sum;
}

fn workgroup_max(value: f32, lane: u32) -> f32 {
  let partial = subgroupMax(value);
  reduce_scratch[lane] = partial;
  workgroupBarrier();
  let width = subgroupAdd(1u);
  let place = subgroupExclusiveAdd(1u);
  var largest = partial;
  for (var i = place; i < WORKGROUP; i += width) { largest = max(largest, reduce_scratch[i]); }
  largest = subgroupMax(largest);
  workgroupBarrier();
  return largest;
}
