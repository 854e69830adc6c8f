// encode_fp8_block – encodes 128 columns as weights/fp8_block reads them: codes and one f32 scale
//
// Blocks are 1 × 128. Scales are powers of two, so that only the rounding to a code (to nearest, ties to
// even) loses anything. The largest weight maps to between 224 and 448. Exact, and the same on every adapter.

#import shared/e4m3

const SPAN: u32 = 8; // chunks

fn block_abs_max(row: u32, chunk: u32) -> f32 {
  var largest = vec4<f32>();
  for (var i = 0u; i < SPAN; i++) {
    let values = source_chunk(row, chunk + i);
    largest = max(largest, max(max(abs(values[0]), abs(values[1])), max(abs(values[2]), abs(values[3]))));
  }
  return max(max(largest.x, largest.y), max(largest.z, largest.w));
}

// Exponent bits of the scale: 2^(exponent - 8), or twice that if the mantissa is above 448 / 2^8 = 1.75.
// Never subnormal.
fn scale_exponent(largest: f32) -> u32 {
  let bits = bitcast<u32>(largest);
  return max((bits >> 23) + u32((bits & 0x7fffff) > 0x600000), 9) - 8;
}

fn encode(row: u32, span: u32) {
  let chunk = SPAN * span;
  let exponent = scale_exponent(block_abs_max(row, chunk));
  let inverse = bitcast<f32>((254 - exponent) << 23);
  for (var i = chunk; i < min(chunk + SPAN, chunks_of(batch.cols)); i++) {
    let units = source_chunk(row, i) * inverse;
    store_codes(row, i, vec4<u32>(
      e4m3_codes(units[0]), e4m3_codes(units[1]), e4m3_codes(units[2]), e4m3_codes(units[3])));
  }
  store_scale(row, span, exponent << 23);
}
