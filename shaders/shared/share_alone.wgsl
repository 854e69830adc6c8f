// share_alone – an invocation has 16 weight rows to itself: what a CPU does best, without barriers, with each input read for 16 rows
//
// Sums are private memory under a loop that no compiler unrolls: unrolled 16 times, it would take seconds to compile.

const EACH: u32 = 16;
const LANES: u32 = 1;

fn each() -> u32 { return EACH * min(step.tokens, 1); }

fn gather(lane: u32) {}
