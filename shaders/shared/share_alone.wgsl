// share_alone – an invocation has 16 weight rows to itself, with each input read for all of them: for a CPU without subgroups
//
// Sums are private memory under a loop that no compiler unrolls: unrolled 16 times, it would take seconds to compile.

#import shared/input_alone

const EACH: u32 = 16;
const LANES: u32 = 1;

fn each() -> u32 { return EACH * min(step.tokens, 1); }

fn place_of(lane: u32) -> u32 { return 0; }

fn gather(lane: u32) {}

fn shared_sum(value: f32, lane: u32) -> f32 { return value; }
