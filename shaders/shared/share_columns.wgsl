// share_columns – the LANES invocations of a subgroup, which is the workgroup, side by side on EACH weight rows: what a CPU does best
//
// Each has inputs of its own columns, loaded once for all rows. What they read of a row at a time lies side by side, so that memory brings whole
// lines for immediate use.

#enable subgroups

#import shared/many_rows
#import shared/input_alone

const EACH: u32 = 64; // inputs are an eighth of what is loaded, of q4 the most
override LANES: u32 = 8;

fn place_of(lane: u32) -> u32 { return lane; }

fn shared_sum(value: f32, lane: u32) -> f32 { return subgroupAdd(value); }
