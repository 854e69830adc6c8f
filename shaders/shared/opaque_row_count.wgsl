// opaque_row_count – the number of weight rows per invocation, hidden from the compiler
//
// For tilings with many rows: unrolling a loop over them takes the compiler seconds.

fn rows_per_invocation() -> u32 { return ROWS_PER_INVOCATION * min(step.tokens, 1); }
