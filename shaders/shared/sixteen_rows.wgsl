// sixteen_rows – weight rows that an invocation has to itself: what share_alone and share_spread_4 and _8 have in common
//
// Sums are private memory under a loop that no compiler unrolls: unrolled 16 times, it would take seconds to compile.

const EACH: u32 = 16;
const LANES: u32 = 1;

fn each() -> u32 { return EACH * min(step.tokens, 1); }

fn place_of(lane: u32) -> u32 { return 0; }

fn gather(lane: u32) {}
