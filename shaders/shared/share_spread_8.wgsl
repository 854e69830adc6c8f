// share_spread_8 – share_alone with inputs loaded for each other: what a CPU does best, where subgroups have 8 invocations or more

#import shared/sixteen_rows
#import shared/input_spread_8

// Of what the invocations of a subgroup took: together, each quad once.
fn shared_sum(value: f32, lane: u32) -> f32 { return subgroupAdd(value); }
