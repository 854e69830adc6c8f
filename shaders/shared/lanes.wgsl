// lanes – sum over the LANES invocations that share a weight row, the same in each of them
//
// The kernel, or a module of its slot `rows`, says what a LaneSum is: a scalar, vector or matrix of f32.
// Called once, by every invocation, in uniform control flow. The sum goes in the order of lanes: a tree would save a few additions
// of so few lanes, at the price of a barrier for each of its levels.

var<workgroup> lane_sums: array<LaneSum, WORKGROUP>;

fn sum_lanes(value: LaneSum, lane: u32) -> LaneSum {
  lane_sums[lane] = value;
  workgroupBarrier();
  let first = lane / LANES * LANES;
  var sum = LaneSum();
  for (var i = first; i < first + LANES; i++) { sum += lane_sums[i]; }
  return sum;
}
