// shared/e4m3 – converts between f32 and FP8 E4M3 codes
//
// Exact for all 254 finite codes on every adapter, because no subnormal f32 is ever formed.

// Decodes the four codes of a word. The 7 bits of exponent and mantissa are placed in an f32 whose exponent
// is 120 too low, and 120 (= 127 - 7) is added. A code with zero exponent bits means m * 2^-9 but comes out
// as 2^-7 * (1 + m / 8); doubling it and subtracting 2^-6 corrects that.
fn e4m3_numbers(word: u32) -> vec4<f32> {
  let codes = vec4<u32>(word, word >> 8, word >> 16, word >> 24);
  let signs = (codes & vec4<u32>(0x80)) << vec4<u32>(24);
  let near = bitcast<vec4<f32>>(((codes & vec4<u32>(0x7f)) << vec4<u32>(20)) + vec4<u32>(0x3c000000));
  let magnitude = select(near, 2.0 * near - 0.015625, (codes & vec4<u32>(0x78)) == vec4<u32>(0));
  return bitcast<vec4<f32>>(bitcast<vec4<u32>>(magnitude) | signs);
}

// Encodes four numbers, already divided by their scale, to nearest with ties to even. From 2^-6 on this
// rounds the f32 to 3 bits of mantissa; below, to multiples of 2^-9. Magnitudes must be under 464, where the
// nearest code would be NaN.
fn e4m3_codes(numbers: vec4<f32>) -> u32 {
  let bits = bitcast<vec4<u32>>(numbers);
  let magnitude = bits & vec4<u32>(0x7fffffff);
  let near = ((magnitude + 0x7ffff + ((magnitude >> vec4<u32>(20)) & vec4<u32>(1))) >> vec4<u32>(20))
    - vec4<u32>(960);
  let small = vec4<u32>(round(abs(numbers) * 512));
  let codes = select(near, small, magnitude < vec4<u32>(0x3c800000))
    | ((bits >> vec4<u32>(24)) & vec4<u32>(0x80));
  let placed = codes << vec4<u32>(0, 8, 16, 24);
  return placed.x | placed.y | placed.z | placed.w;
}
