// share_alone – an invocation has 16 weight rows to itself, with each input read for all of them: for a CPU without subgroups

#import shared/many_rows
#import shared/input_alone

const EACH: u32 = 16;
const LANES: u32 = 1;

fn place_of(lane: u32) -> u32 { return 0; }

fn shared_sum(value: f32, lane: u32) -> f32 { return value; }
