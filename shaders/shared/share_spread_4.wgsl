// share_spread_4 – share_alone with inputs loaded for each other: what a CPU does best, where subgroups have 4 to 7 invocations

#import shared/sixteen_rows
#import shared/input_spread_4

// Of what the invocations of a subgroup took: together, each quad once.
fn shared_sum(value: f32, lane: u32) -> f32 { return subgroupAdd(value); }
