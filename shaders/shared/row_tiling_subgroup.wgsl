// row_tiling_subgroup – a workgroup of one subgroup computes 64 weight rows; for CPUs
//
// The subgroup has LANES invocations. Each computes its own columns of every row and loads their inputs once
// for all rows. At any time the lanes read a contiguous part of one row, so whole cache lines are used.

#enable subgroups

#import shared/opaque_row_count
#import shared/input_loads

// With 64 rows at most an eighth of all loads are inputs (in q4; less in wider formats)
const ROWS_PER_INVOCATION: u32 = 64;
override LANES: u32 = 8;

fn lane_in_row(lane: u32) -> u32 { return lane; }

fn sum_over_lanes(value: f32, lane: u32) -> f32 { return subgroupAdd(value); }
