// lanes – sum over the LANES invocations (a power of two) that share a weight row, the same in each of them
//
// The kernel, or a module of its slot `rows`, says what a LaneSum is: a scalar, vector or matrix of f32.
// Called once, by every invocation, in uniform control flow. The order of the sum is fixed: a tree over the lanes.

var<workgroup> lane_sums: array<LaneSum, WORKGROUP>;

fn sum_lanes(value: LaneSum, lane: u32) -> LaneSum {
  let place = lane % LANES;
  lane_sums[lane] = value;
  for (var width = LANES / 2; width > 0; width /= 2) {
    workgroupBarrier();
    if place < width { lane_sums[lane] += lane_sums[lane + width]; }
  }
  workgroupBarrier();
  return lane_sums[lane - place];
}
