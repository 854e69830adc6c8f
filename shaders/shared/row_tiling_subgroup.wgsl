// row_tiling_subgroup – the subgroup, which is the workgroup, computes 64 weight rows: for a CPU
//
// The subgroup has LANES invocations. Each takes its own columns, whose inputs it loads once for all rows.
// What the lanes read of a row at a time is contiguous, so that every cache line is used as a whole.

#enable subgroups

#import shared/opaque_row_count
#import shared/input_loads

// Inputs are then an eighth of all loads (for q4, where their part is largest)
const ROWS_PER_INVOCATION: u32 = 64;
override LANES: u32 = 8;

fn lane_in_row(lane: u32) -> u32 { return lane; }

fn sum_over_lanes(value: f32, lane: u32) -> f32 { return subgroupAdd(value); }
