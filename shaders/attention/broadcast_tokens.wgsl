// broadcast_tokens – the rows of subgroup_broadcast_tile in prefill: the tokens of a step, for one head

fn rows_end() -> u32 { return step.tokens; }

fn row_query(row: u32, head: u32, quad: u32) -> vec4<f32> { return query_quad(row, head, quad); }

fn last_visible(row: u32) -> u32 { return step.position + row; }

fn sums_at(row: u32, head: u32) -> u32 { return (row * ((HEADS * VALUE + 15) / 16 * 16) + head * VALUE) / 2; }
