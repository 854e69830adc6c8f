// share_lanes – LANES neighbouring invocations share the rows that belong together, and read neighbouring words: what a GPU does best
//
// The kernel's TOGETHER is how many those are. The sum over lanes goes in their order: a tree would save a few additions of so few
// lanes, at the price of a barrier for each of its levels.

const EACH: u32 = TOGETHER;
override LANES: u32 = 16;

var<workgroup> lane_sums: array<LaneSum, WORKGROUP>;

fn each() -> u32 { return EACH; }

// Makes each sum that of all lanes. Called once, by every invocation, in uniform control flow.
fn gather(lane: u32) {
  let first = lane / LANES * LANES;
  for (var i = 0u; i < EACH + EXTRA; i++) {
    lane_sums[lane] = sums[i];
    workgroupBarrier();
    var sum = LaneSum();
    for (var other = first; other < first + LANES; other++) { sum += lane_sums[other]; }
    sums[i] = sum;
    workgroupBarrier();
  }
}
