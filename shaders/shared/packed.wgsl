// packed – 32 columns as codes of eight bits, four to a word: how weights and inputs meet in products of packed bytes

// Two neighbouring chunks of a row, the first an even one.
struct PackedPair {
  first: vec4<u32>,
  second: vec4<u32>,
}

// Inputs are their codes times `scale`.
struct PackedInput {
  codes: PackedPair,
  scale: f32,
  over: i32, // what BIAS above each weight's code adds to a product with them
}

fn packed_dot(a: vec4<u32>, b: vec4<u32>) -> i32 {
  return dot4I8Packed(a.x, b.x) + dot4I8Packed(a.y, b.y) + dot4I8Packed(a.z, b.z) + dot4I8Packed(a.w, b.w);
}

fn pair_dot(a: PackedPair, b: PackedPair) -> i32 { return packed_dot(a.first, b.first) + packed_dot(a.second, b.second); }

// What the codes of all 32 inputs are multiplied with; never 0, and no number whose reciprocal is too large.
fn packed_scale(largest: f32) -> f32 { return max(largest, 1e-30) / 127; }

fn packed_word(inputs: vec4<f32>, scale: f32) -> u32 { return pack4xI8(vec4<i32>(round(inputs * (1 / scale)))); }

fn packed_input(codes: PackedPair, scale: f32) -> PackedInput {
  if BIAS == 0 { return PackedInput(codes, scale, 0); }
  let ones = vec4<u32>(0x01010101);
  return PackedInput(codes, scale, BIAS * pair_dot(codes, PackedPair(ones, ones)));
}
