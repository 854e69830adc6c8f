// row_tiling_single – an invocation computes 16 weight rows; for CPUs without subgroups
//
// It loads each input once for all 16.

#import shared/opaque_row_count
#import shared/input_loads

const ROWS_PER_INVOCATION: u32 = 16;
const LANES: u32 = 1;

fn lane_in_row(lane: u32) -> u32 { return 0; }

fn sum_over_lanes(value: f32, lane: u32) -> f32 { return value; }
