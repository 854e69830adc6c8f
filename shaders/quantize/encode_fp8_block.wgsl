// encode_fp8_block – 128 columns a call as weights/fp8_block reads them with blocks of 1 × 128: codes and their f32 scale
//
// Scales are powers of two, so that only the rounding to a code loses anything: to nearest, ties to even. The largest weight lands
// between 224 and 448. Exact, and the same on every adapter.

#import shared/e4m3

const SPAN: u32 = 8; // chunks

fn largest_of(row: u32, chunk: u32) -> f32 {
  var most = vec4<f32>();
  for (var i = 0u; i < SPAN; i++) {
    let values = source_chunk(row, chunk + i);
    most = max(most, max(max(abs(values[0]), abs(values[1])), max(abs(values[2]), abs(values[3]))));
  }
  return max(max(most.x, most.y), max(most.z, most.w));
}

// The exponent bits of an f32: scale = 2^(exponent - 8), or twice that for what lies above 448 / 2^8 = 1.75. Kept normal.
fn scale_exponent(largest: f32) -> u32 {
  let bits = bitcast<u32>(largest);
  return max((bits >> 23) + u32((bits & 0x7fffff) > 0x600000), 9) - 8;
}

fn encode(row: u32, span: u32) {
  let chunk = SPAN * span;
  let exponent = scale_exponent(largest_of(row, chunk));
  let inverse = bitcast<f32>((254 - exponent) << 23);
  for (var i = chunk; i < min(chunk + SPAN, chunks_of(batch.cols)); i++) {
    let units = source_chunk(row, i) * inverse;
    store_codes(row, i, vec4<u32>(e4m3_codes(units[0]), e4m3_codes(units[1]), e4m3_codes(units[2]), e4m3_codes(units[3])));
  }
  store_scale(row, span, exponent << 23);
}
