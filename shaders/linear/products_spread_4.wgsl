// products_spread_4 – the tile of linear/spread, where subgroups have 4 invocations to 7

#enable subgroups
#import linear/spread

// Where the 4 input rows lie whose columns this invocation loads.
fn own_rows(row0: u32) -> vec4<u32> {
  let row = row0 + subgroupExclusiveAdd(1u) % 4;
  return vec4<u32>(input_row(row), input_row(row + 4), input_row(row + 8), input_row(row + 12));
}

// Adds the products with a quad of columns of all 16 input rows.
fn add_rows(sums: ptr<function, Sums>, weights: mat4x4<f32>, own: vec4<u32>, quad: u32) {
  let x = input_quad(own.x, quad);
  (*sums)[0] += weights * subgroupBroadcast(x, 0u);
  (*sums)[1] += weights * subgroupBroadcast(x, 1u);
  (*sums)[2] += weights * subgroupBroadcast(x, 2u);
  (*sums)[3] += weights * subgroupBroadcast(x, 3u);
  let y = input_quad(own.y, quad);
  (*sums)[4] += weights * subgroupBroadcast(y, 0u);
  (*sums)[5] += weights * subgroupBroadcast(y, 1u);
  (*sums)[6] += weights * subgroupBroadcast(y, 2u);
  (*sums)[7] += weights * subgroupBroadcast(y, 3u);
  let z = input_quad(own.z, quad);
  (*sums)[8] += weights * subgroupBroadcast(z, 0u);
  (*sums)[9] += weights * subgroupBroadcast(z, 1u);
  (*sums)[10] += weights * subgroupBroadcast(z, 2u);
  (*sums)[11] += weights * subgroupBroadcast(z, 3u);
  let w = input_quad(own.w, quad);
  (*sums)[12] += weights * subgroupBroadcast(w, 0u);
  (*sums)[13] += weights * subgroupBroadcast(w, 1u);
  (*sums)[14] += weights * subgroupBroadcast(w, 2u);
  (*sums)[15] += weights * subgroupBroadcast(w, 3u);
}
