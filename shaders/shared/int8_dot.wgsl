// int8_dot – dot products of 32 columns held as 8-bit codes, four codes to a word (DP4A)

// Two neighbouring chunks of a row; the first has an even index.
struct Int8Pair {
  first: vec4<u32>,
  second: vec4<u32>,
}

// 32 inputs, as codes to be multiplied by `scale`.
struct Int8Input {
  codes: Int8Pair,
  scale: f32,
  correction: i32, // what ZERO_POINT adds to a dot product with these codes; with offsets their sum
}

fn int8_dot(a: vec4<u32>, b: vec4<u32>) -> i32 {
  return dot4I8Packed(a.x, b.x) + dot4I8Packed(a.y, b.y) + dot4I8Packed(a.z, b.z) + dot4I8Packed(a.w, b.w);
}

fn int8_pair_dot(a: Int8Pair, b: Int8Pair) -> i32 {
  return int8_dot(a.first, b.first) + int8_dot(a.second, b.second);
}

// Scale of 32 inputs by their largest magnitude; at least 1e-30 / 127, so that its reciprocal is finite.
fn int8_scale(largest: f32) -> f32 { return max(largest, 1e-30) / 127; }

fn int8_word(inputs: vec4<f32>, scale: f32) -> u32 {
  return pack4xI8(vec4<i32>(round(inputs * (1 / scale))));
}

fn int8_input(codes: Int8Pair, scale: f32) -> Int8Input {
  if ZERO_POINT == 0 && !HAS_OFFSET { return Int8Input(codes, scale, 0); }
  let ones = vec4<u32>(0x01010101);
  let sum = int8_pair_dot(codes, Int8Pair(ones, ones));
  return Int8Input(codes, scale, select(ZERO_POINT, 1, HAS_OFFSET) * sum);
}
