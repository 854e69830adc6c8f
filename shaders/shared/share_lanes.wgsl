// share_lanes – LANES neighbouring invocations share the rows that belong together, and read neighbouring words: what a GPU does best
//
// The kernel's TOGETHER is how many those are. The sum over lanes goes in their order: a tree would save a few additions of so few
// lanes, at the price of a barrier for each of its levels.

#import shared/input_alone

const EACH: u32 = TOGETHER;
override LANES: u32 = 16;

var<workgroup> lane_values: array<f32, WORKGROUP>;

fn each() -> u32 { return EACH; }

fn place_of(lane: u32) -> u32 { return lane % LANES; }

fn shared_sum(value: f32, lane: u32) -> f32 {
  lane_values[lane] = value;
  workgroupBarrier();
  let first = lane / LANES * LANES;
  var sum = 0.0;
  for (var other = first; other < first + LANES; other++) { sum += lane_values[other]; }
  workgroupBarrier();
  return sum;
}
