// opaque_row_count – the number of weight rows per invocation, hidden from the compiler
//
// For tilings with many rows: a compiler that knew the number would unroll the loop over them, which takes
// seconds.

fn rows_per_invocation() -> u32 { return ROWS_PER_INVOCATION * min(step.tokens, 1); }
