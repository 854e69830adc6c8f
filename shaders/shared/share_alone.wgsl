// share_alone – an invocation has 16 weight rows to itself, with each input read for all of them: for a CPU without subgroups

#import shared/sixteen_rows
#import shared/input_alone

fn shared_sum(value: f32, lane: u32) -> f32 { return value; }
