// many_rows – each(): EACH, where sums are private memory under a loop that no compiler unrolls, which would take seconds to compile

fn each() -> u32 { return EACH * min(step.tokens, 1); }
