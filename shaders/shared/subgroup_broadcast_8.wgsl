// subgroup_broadcast_8 – products of four weight rows with 16 input rows, for subgroups of 8 or more
//
// Each invocation has four weight rows of its own and loads every 8th input row; subgroup broadcasts hand the
// inputs to the others. Nothing is assumed about the order of invocations within subgroups.

#enable subgroups

const TILE: u32 = 16; // input rows

alias Sums = array<vec4<f32>, 16>; // per input row: its products with the four weight rows
alias RowIndices = vec2<u32>;
alias RowQuads = mat2x4<f32>;

// The input rows that this invocation loads.
fn own_row_indices() -> RowIndices {
  let index = subgroupExclusiveAdd(1u) % 8;
  return index + RowIndices(0, 8);
}

fn add_rows(sums: ptr<function, Sums>, weights: mat4x4<f32>, own: RowQuads) {
  (*sums)[0] += weights * subgroupBroadcast(own[0], 0u);
  (*sums)[1] += weights * subgroupBroadcast(own[0], 1u);
  (*sums)[2] += weights * subgroupBroadcast(own[0], 2u);
  (*sums)[3] += weights * subgroupBroadcast(own[0], 3u);
  (*sums)[4] += weights * subgroupBroadcast(own[0], 4u);
  (*sums)[5] += weights * subgroupBroadcast(own[0], 5u);
  (*sums)[6] += weights * subgroupBroadcast(own[0], 6u);
  (*sums)[7] += weights * subgroupBroadcast(own[0], 7u);
  (*sums)[8] += weights * subgroupBroadcast(own[1], 0u);
  (*sums)[9] += weights * subgroupBroadcast(own[1], 1u);
  (*sums)[10] += weights * subgroupBroadcast(own[1], 2u);
  (*sums)[11] += weights * subgroupBroadcast(own[1], 3u);
  (*sums)[12] += weights * subgroupBroadcast(own[1], 4u);
  (*sums)[13] += weights * subgroupBroadcast(own[1], 5u);
  (*sums)[14] += weights * subgroupBroadcast(own[1], 6u);
  (*sums)[15] += weights * subgroupBroadcast(own[1], 7u);
}
