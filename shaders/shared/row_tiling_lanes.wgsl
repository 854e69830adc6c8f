// row_tiling_lanes – LANES neighbouring invocations compute one output and read neighbouring words; for GPUs
//
// An output is computed from the kernel's ROWS_PER_OUTPUT weight rows (2 for gate and up, else 1). The sum
// over lanes is sequential: for so few lanes a tree would save few additions and cost a barrier per level.

#import shared/input_loads

const ROWS_PER_INVOCATION: u32 = ROWS_PER_OUTPUT;
override LANES: u32 = 16;

var<workgroup> lane_values: array<f32, WORKGROUP>;

fn rows_per_invocation() -> u32 { return ROWS_PER_INVOCATION; }

fn lane_in_row(lane: u32) -> u32 { return lane % LANES; }

fn sum_over_lanes(value: f32, lane: u32) -> f32 {
  lane_values[lane] = value;
  workgroupBarrier();
  let first = lane / LANES * LANES;
  var sum = 0.0;
  for (var other = first; other < first + LANES; other++) { sum += lane_values[other]; }
  workgroupBarrier();
  return sum;
}
