// groups – functions of the encoders in which 32 columns (a group) share one scale
//
// The scale is the weight of largest magnitude divided by the code of largest magnitude. That code is -128 or
// -8, so the scale has the opposite sign of the weight, and the whole range of codes is used.

alias Group = array<vec4<f32>, 8>;

fn load_group(row: u32, chunk: u32) -> Group {
  let a = source_chunk(row, chunk);
  let b = source_chunk(row, chunk + 1);
  return Group(a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3]);
}

// The weight of largest magnitude, the negative one of two equals.
fn extreme_of(group: Group) -> f32 {
  var low = group[0];
  var high = group[0];
  for (var i = 1u; i < 8; i++) {
    low = min(low, group[i]);
    high = max(high, group[i]);
  }
  let smallest = min(min(low.x, low.y), min(low.z, low.w));
  let largest = max(max(high.x, high.y), max(high.z, high.w));
  return select(smallest, largest, largest > -smallest);
}

// The nearest bfloat16, as bits of an f32; zero instead of subnormals, which adapters may flush.
fn round_scale(scale: f32) -> u32 {
  let bits = bitcast<u32>(scale);
  let rounded = (bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000;
  return select(rounded, 0u, (rounded & 0x7f800000) == 0);
}

// What to multiply weights with; 0 if the scale is 0.
fn inverse_of(scale: u32) -> f32 {
  if scale == 0 { return 0.0; }
  return 1.0 / bitcast<f32>(scale);
}

// Codes in the low bits of each element: -(half) to half - 1.
fn codes_of(weights: vec4<f32>, inverse: f32, half: f32) -> vec4<f32> {
  return clamp(round(weights * inverse), vec4<f32>(-half), vec4<f32>(half - 1));
}

// Packs the low bytes of four codes into a word; `mask` selects the bits of a code.
fn pack_codes(codes: vec4<f32>, mask: u32) -> u32 {
  let bits = (bitcast<vec4<u32>>(vec4<i32>(codes)) & vec4<u32>(mask)) << vec4<u32>(0, 8, 16, 24);
  return bits.x | bits.y | bits.z | bits.w;
}
