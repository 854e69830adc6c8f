// attention/spread_tokens – rows that are tokens of a step, with one head: prefill

fn rows_end() -> u32 { return step.tokens; }

fn seen_until(row: u32) -> u32 { return step.position + row; }

fn sums_at(row: u32, head: u32) -> u32 { return (row * ((HEADS * VALUE + 15) / 16 * 16) + head * VALUE) / 2; }
