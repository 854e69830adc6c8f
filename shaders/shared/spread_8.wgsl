// spread_8 – products of four weight rows with 16 input rows that invocations load for each other, where subgroups have 8 invocations or more
//
// Each invocation loads quads of the rows at its place, one in 8, and has four weight rows of its own.
// No order of invocations within subgroups is taken for granted.

#enable subgroups

const TILE: u32 = 16; // input rows

alias Sums = array<vec4<f32>, 16>; // of each input row, for the four weight rows
alias Places = vec2<u32>;
alias Quads = mat2x4<f32>;

// Of the input rows that this invocation loads.
fn own_places() -> Places {
  let place = subgroupExclusiveAdd(1u) % 8;
  return place + Places(0, 8);
}

fn add_rows(sums: ptr<function, Sums>, weights: mat4x4<f32>, own: Quads) {
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
