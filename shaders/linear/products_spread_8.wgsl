// products_spread_8 – the tile of linear/spread, where subgroups have 8 invocations or more

#enable subgroups
#import linear/spread

// Where the 2 input rows lie whose columns this invocation loads.
fn own_rows(row0: u32) -> vec2<u32> {
  let row = row0 + subgroupExclusiveAdd(1u) % 8;
  return vec2<u32>(input_row(row), input_row(row + 8));
}

// Adds the products with a quad of columns of all 16 input rows.
fn add_rows(sums: ptr<function, Sums>, weights: mat4x4<f32>, own: vec2<u32>, quad: u32) {
  let x = input_quad(own.x, quad);
  (*sums)[0] += weights * subgroupBroadcast(x, 0u);
  (*sums)[1] += weights * subgroupBroadcast(x, 1u);
  (*sums)[2] += weights * subgroupBroadcast(x, 2u);
  (*sums)[3] += weights * subgroupBroadcast(x, 3u);
  (*sums)[4] += weights * subgroupBroadcast(x, 4u);
  (*sums)[5] += weights * subgroupBroadcast(x, 5u);
  (*sums)[6] += weights * subgroupBroadcast(x, 6u);
  (*sums)[7] += weights * subgroupBroadcast(x, 7u);
  let y = input_quad(own.y, quad);
  (*sums)[8] += weights * subgroupBroadcast(y, 0u);
  (*sums)[9] += weights * subgroupBroadcast(y, 1u);
  (*sums)[10] += weights * subgroupBroadcast(y, 2u);
  (*sums)[11] += weights * subgroupBroadcast(y, 3u);
  (*sums)[12] += weights * subgroupBroadcast(y, 4u);
  (*sums)[13] += weights * subgroupBroadcast(y, 5u);
  (*sums)[14] += weights * subgroupBroadcast(y, 6u);
  (*sums)[15] += weights * subgroupBroadcast(y, 7u);
}
