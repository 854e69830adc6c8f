// share_spread_8 – share_alone with inputs loaded for each other: what a CPU does best, where subgroups have 8 invocations or more

#import shared/input_spread_8

const EACH: u32 = 16;
const LANES: u32 = 1;

fn each() -> u32 { return EACH * min(step.tokens, 1); }

fn place_of(lane: u32) -> u32 { return 0; }

fn gather(lane: u32) {}

// Of what the invocations of a subgroup took: together, each quad once.
fn shared_sum(value: f32, lane: u32) -> f32 { return subgroupAdd(value); }
